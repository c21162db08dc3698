//! Compressed archives, decompressed: their entries have to be seen, and daemons before 23.0 take
//! no Zstandard.

use std::io::{self, Write};
use std::pin::Pin;

use ctnr_engine::{EngineError, Result};
use flate2::write::MultiGzDecoder;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream};

/// How a Zstandard frame begins (RFC 8878, 3.1.1).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// How a gzip member begins (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BUFFER: usize = 64 * 1024;
/// Input goes in by small steps, so that what comes out of one stays small as well.
const STEP: usize = 256;
/// The largest window that is accepted, as a power of two: 128 MiB, the `zstd` program's limit.
const WINDOW_LOG: u32 = 27;

/// An archive on its way to the daemon.
pub(super) type Archive = Pin<Box<dyn AsyncRead + Send>>;

/// The archive, decompressed where it is compressed with gzip or Zstandard.
pub(super) async fn plain(mut archive: Box<dyn AsyncRead + Send + Unpin>) -> Result<Archive> {
    let mut head = Vec::with_capacity(ZSTD.len());
    (&mut archive)
        .take(ZSTD.len() as u64)
        .read_to_end(&mut head)
        .await
        .map_err(|error| EngineError::internal("reading the archive", error))?;
    let decoder = if head == ZSTD {
        let mut decoder = zstd::stream::write::Decoder::new(Vec::new())
            .map_err(|error| EngineError::internal("decompressing the archive", error))?;
        decoder
            .window_log_max(WINDOW_LOG)
            .map_err(|error| EngineError::internal("decompressing the archive", error))?;
        Some(Decoder::Zstd(decoder))
    } else if head.starts_with(&GZIP) {
        Some(Decoder::Gzip(MultiGzDecoder::new(Vec::new())))
    } else {
        None
    };
    let whole = io::Cursor::new(head).chain(archive);
    let Some(decoder) = decoder else {
        return Ok(Box::pin(whole));
    };
    let (writer, reader) = tokio::io::duplex(BUFFER);
    tokio::spawn(async move {
        // An archive that is damaged or cut off ends early, and is refused for that.
        if let Err(error) = decompress(Box::pin(whole), decoder, writer).await {
            tracing::debug!(%error, "an archive broke off");
        }
    });
    Ok(Box::pin(reader))
}

enum Decoder {
    Gzip(MultiGzDecoder<Vec<u8>>),
    Zstd(zstd::stream::write::Decoder<'static, Vec<u8>>),
}

impl Decoder {
    /// Takes packed bytes, and returns what comes out of them.
    fn step(&mut self, packed: &[u8]) -> io::Result<Vec<u8>> {
        let out = match self {
            Self::Gzip(decoder) => {
                decoder.write_all(packed)?;
                decoder.get_mut()
            }
            Self::Zstd(decoder) => {
                decoder.write_all(packed)?;
                decoder.get_mut()
            }
        };
        Ok(std::mem::take(out))
    }

    /// What is left at the end.
    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(decoder) => decoder.finish(),
            Self::Zstd(mut decoder) => {
                decoder.flush()?;
                Ok(decoder.into_inner())
            }
        }
    }
}

async fn decompress(
    mut archive: Archive,
    mut decoder: Decoder,
    mut plain: DuplexStream,
) -> io::Result<()> {
    let mut chunk = vec![0; 8 * 1024];
    loop {
        let length = archive.read(&mut chunk).await?;
        if length == 0 {
            break;
        }
        for step in chunk[..length].chunks(STEP) {
            plain.write_all(&decoder.step(step)?).await?;
        }
    }
    plain.write_all(&decoder.finish()?).await?;
    plain.shutdown().await
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
    async fn compressed_archives_are_decompressed_and_others_are_left() {
        let text = b"an archive ".repeat(100_000);
        let zstd = zstd::encode_all(&text[..], 3).unwrap();
        assert_eq!(read(zstd).await, text);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&text).unwrap();
        let gzip = gzip.finish().unwrap();
        assert_eq!(read(gzip.clone()).await, text);
        let cut = read(gzip[..gzip.len() / 2].to_vec()).await;
        assert!(cut.len() < text.len());
        assert_eq!(read(text.clone()).await, text);
        assert_eq!(read(b"ab".to_vec()).await, b"ab");
    }
}
