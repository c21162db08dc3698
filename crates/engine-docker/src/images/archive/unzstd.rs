//! Zstandard archives, which daemons before 23.0 don't take.

use std::io::{self, Write};
use std::pin::Pin;

use ctnr_engine::{EngineError, Result};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream};

/// How a Zstandard frame begins (RFC 8878, 3.1.1).
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const BUFFER: usize = 64 * 1024;
/// The largest window that is accepted, as a power of two: 128 MiB, the `zstd` program's limit.
const WINDOW_LOG: u32 = 27;

type Archive = Pin<Box<dyn AsyncRead + Send>>;

/// The archive, decompressed where it is a Zstandard stream; the daemon knows the others.
pub(super) async fn plain(mut archive: Box<dyn AsyncRead + Send + Unpin>) -> Result<Archive> {
    let mut head = Vec::with_capacity(MAGIC.len());
    (&mut archive)
        .take(MAGIC.len() as u64)
        .read_to_end(&mut head)
        .await
        .map_err(|error| EngineError::internal("reading the archive", error))?;
    let is_zstd = head == MAGIC;
    let whole = io::Cursor::new(head).chain(archive);
    if !is_zstd {
        return Ok(Box::pin(whole));
    }
    let (writer, reader) = tokio::io::duplex(BUFFER);
    tokio::spawn(decompress(Box::pin(whole), writer));
    Ok(Box::pin(reader))
}

/// Decompresses until the end, an error, or the reader's leaving. An archive that is cut off ends
/// early, and the daemon refuses it.
async fn decompress(mut archive: Archive, mut plain: DuplexStream) {
    let mut decoder = match zstd::stream::write::Decoder::new(Vec::new()) {
        Ok(decoder) => decoder,
        Err(error) => {
            tracing::warn!(%error, "no Zstandard decoder");
            return;
        }
    };
    if decoder.window_log_max(WINDOW_LOG).is_err() {
        return;
    }
    let mut chunk = vec![0; 8 * 1024];
    loop {
        let length = match archive.read(&mut chunk).await {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) => {
                tracing::debug!(%error, "an archive broke off");
                return;
            }
        };
        // Input goes in by small steps, so that what comes out of one stays small as well.
        for step in chunk[..length].chunks(256) {
            if decoder.write_all(step).is_err() {
                return;
            }
            let out = std::mem::take(decoder.get_mut());
            if plain.write_all(&out).await.is_err() {
                return;
            }
        }
    }
    if decoder.flush().is_ok() {
        let out = std::mem::take(decoder.get_mut());
        if plain.write_all(&out).await.is_ok() {
            // The reader may have gone, having all it wanted.
            let _ = plain.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: Vec<u8>) -> Vec<u8> {
        let mut archive = plain(Box::new(io::Cursor::new(bytes))).await.unwrap();
        let mut out = Vec::new();
        archive.read_to_end(&mut out).await.unwrap();
        out
    }

    #[tokio::test]
    async fn zstd_is_decompressed_and_others_are_left() {
        let text = b"an archive ".repeat(100_000);
        let packed = zstd::encode_all(&text[..], 3).unwrap();
        assert_eq!(read(packed).await, text);
        assert_eq!(read(text.clone()).await, text);
        assert_eq!(read(b"ab".to_vec()).await, b"ab");
    }
}
