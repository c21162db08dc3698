//! A stream of bytes into a file of this host, or to standard output.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ctnr_client::Stream;
use futures::TryStreamExt;
use tokio::io::AsyncWriteExt;

use crate::error::{CliError, Result};
use crate::output::Output;

/// Writes a file that appears when it is whole, and gives its size in bytes.
pub(crate) async fn to_file(mut bytes: Stream<Bytes>, path: &Path) -> Result<u64> {
    let failed = |error: io::Error| CliError::local("writing", path.display().to_string(), error);
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    // The temporary file goes away with this function, however it ends.
    let (file, temporary) = tempfile::Builder::new()
        .prefix(".ctnr-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .tempfile_in(directory)
        .map_err(failed)?
        .into_parts();
    let mut file = tokio::fs::File::from_std(file);
    let mut size = 0;
    while let Some(piece) = bytes.try_next().await? {
        size += piece.len() as u64;
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    file.sync_all().await.map_err(failed)?;
    temporary
        .persist(path)
        .map_err(|error| failed(error.error))?;
    Ok(size)
}

/// Writes bytes to standard output as they come.
pub(crate) async fn to_output(mut bytes: Stream<Bytes>, output: Output) -> Result<()> {
    while let Some(piece) = bytes.try_next().await? {
        output.bytes(&piece)?;
    }
    Ok(())
}
