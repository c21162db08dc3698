//! OCI archives as `docker save` would write them.
//!
//! Daemons before 25.0 look for `manifest.json`, which an OCI image layout need not have. All it
//! says stands in the layout's own manifests, and it may come last in the archive: so the archive
//! goes through as it is, its small JSON files are kept on the way, and where there was none, a
//! `manifest.json` is added at its end.

use std::collections::HashMap;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::manifest;
use super::plain::Archive;

const BLOCK: usize = 512;
const BUFFER: usize = 64 * 1024;
/// The longest file that may be a manifest, and how much of such is kept in all.
const MAX_JSON: u64 = 4 << 20;
const MAX_KEPT: usize = 32 << 20;

/// The archive, with a `manifest.json` where it is an OCI layout without one.
pub(super) fn with_manifest(archive: Archive) -> Archive {
    let (writer, reader) = tokio::io::duplex(BUFFER);
    tokio::spawn(async move {
        // What is no archive ends early, and is refused for that.
        if let Err(error) = copy(archive, writer).await {
            tracing::debug!(%error, "an archive broke off");
        }
    });
    Box::pin(reader)
}

async fn copy(mut archive: Archive, mut out: DuplexStream) -> io::Result<()> {
    let mut files: HashMap<String, Vec<u8>> = HashMap::new();
    let mut kept = 0;
    let mut block = [0; BLOCK];
    loop {
        let length = read_block(&mut archive, &mut block).await?;
        if length < BLOCK {
            // No end, or no tar at all: the daemon is to see it as it is.
            out.write_all(&block[..length]).await?;
            return out.shutdown().await;
        }
        if block.iter().all(|byte| *byte == 0) {
            break;
        }
        let header = tar::Header::from_byte_slice(&block);
        let (size, name) = match header.entry_size() {
            Ok(size) if size <= i64::MAX as u64 => (size, name(header)),
            _ => {
                out.write_all(&block).await?;
                tokio::io::copy(&mut archive, &mut out).await?;
                return out.shutdown().await;
            }
        };
        let wanted = header.entry_type().is_file() && size <= MAX_JSON && may_be_json(&name);
        out.write_all(&block).await?;
        let padded = size.next_multiple_of(BLOCK as u64);
        if wanted && kept < MAX_KEPT {
            let mut content = Vec::new();
            (&mut archive)
                .take(padded)
                .read_to_end(&mut content)
                .await?;
            out.write_all(&content).await?;
            content.truncate(usize::try_from(size).unwrap_or(usize::MAX));
            kept += content.len();
            files.insert(name, content);
        } else {
            tokio::io::copy(&mut (&mut archive).take(padded), &mut out).await?;
        }
    }
    if !files.contains_key("manifest.json")
        && let Some(manifest) = manifest::of(&files)
    {
        out.write_all(&entry("manifest.json", &manifest)).await?;
    }
    out.write_all(&[0; 2 * BLOCK]).await?;
    out.shutdown().await?;
    tokio::io::copy(&mut archive, &mut tokio::io::sink()).await?;
    Ok(())
}

/// Reads a block, or what is left.
async fn read_block(
    archive: &mut (impl AsyncRead + Unpin),
    block: &mut [u8; BLOCK],
) -> io::Result<usize> {
    let mut length = 0;
    while length < BLOCK {
        match archive.read(&mut block[length..]).await? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

fn name(header: &tar::Header) -> String {
    let name = String::from_utf8_lossy(&header.path_bytes()).into_owned();
    name.strip_prefix("./").map(str::to_owned).unwrap_or(name)
}

fn may_be_json(name: &str) -> bool {
    matches!(name, "manifest.json" | "index.json") || name.starts_with("blobs/")
}

fn entry(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(content.len() as u64);
    // The name is short and plain, so it fits.
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    let mut entry = header.as_bytes().to_vec();
    entry.extend_from_slice(content);
    entry.resize(entry.len().next_multiple_of(BLOCK), 0);
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn through(bytes: Vec<u8>) -> Vec<u8> {
        let mut archive = with_manifest(Box::pin(io::Cursor::new(bytes)));
        let mut out = Vec::new();
        archive.read_to_end(&mut out).await.unwrap();
        out
    }

    #[tokio::test]
    async fn what_is_no_layout_goes_through_as_it_is() {
        let mut saved = entry("manifest.json", b"[]");
        saved.extend(entry("blobs/sha256/00", b"{}"));
        saved.extend([0; 2 * BLOCK]);
        assert_eq!(through(saved.clone()).await, saved);
        for other in [b"no archive".to_vec(), vec![0xff; 5000], Vec::new()] {
            assert_eq!(through(other.clone()).await, other);
        }
        let cut = saved[..700].to_vec();
        assert_eq!(through(cut.clone()).await, cut);
    }
}
