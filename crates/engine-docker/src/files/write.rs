//! Writing into sandboxes.

use std::io::{self, SeekFrom};

use bollard::query_parameters::UploadToContainerOptions;
use bytes::Bytes;
use ctnr_engine::{EngineError, FileKind, Result};
use ctnr_model::ContainerPath;
use futures::{Stream, StreamExt, stream};
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio_util::io::ReaderStream;

use super::tar_head::{Attributes, TarHead};
use super::{Files, path};
use crate::failure;

const DOING: &str = "writing the sandbox's files";
const CHUNK: usize = 64 * 1024;
const FILE_MODE: u32 = 0o644;
const DIRECTORY_MODE: u32 = 0o755;

impl Files {
    /// Writes a file. The content is kept in a nameless file of this host first: a tar archive
    /// needs its length, and content that breaks off must not reach the sandbox.
    pub(super) async fn write_file(
        &self,
        path: &ContainerPath,
        mode: Option<u32>,
        content: Box<dyn AsyncRead + Send + Unpin>,
    ) -> Result<u64> {
        let (real, existing) = self.look(path).await?;
        let attributes = match existing {
            Some(entry) if entry.kind() == FileKind::File => Attributes {
                mode: entry.mode,
                uid: entry.uid,
                gid: entry.gid,
                mtime: now(),
            },
            Some(_) => {
                return Err(EngineError::BadRequest(format!(
                    "{path} exists and is not a regular file"
                )));
            }
            None => by_root(mode.unwrap_or(FILE_MODE)),
        };
        let (file, size) = spool(content).await?;
        let (base, missing) = self.missing_parents(&real).await?;
        let name = file_name(&real)?;
        let mut head = TarHead::new();
        let directory = add_directories(&mut head, &missing)?;
        let (head, tail) = head.file(&format!("{directory}{name}"), attributes, size)?;
        let content = ReaderStream::with_capacity(file.take(size), CHUNK);
        let body = stream::iter([Ok(Bytes::from(head))])
            .chain(content)
            .chain(stream::iter([Ok(Bytes::from(tail))]));
        self.put(&base, body).await.map(|()| size)
    }

    /// Makes a directory.
    pub(super) async fn make_directory(
        &self,
        path: &ContainerPath,
        parents: bool,
        mode: Option<u32>,
    ) -> Result<()> {
        let (real, existing) = self.look(path).await?;
        match existing {
            Some(entry) if parents && entry.kind() == FileKind::Directory => return Ok(()),
            Some(_) => {
                return Err(EngineError::Conflict(format!("{path} exists already")));
            }
            None => {}
        }
        let (base, missing) = self.missing_parents(&real).await?;
        if !parents && !missing.is_empty() {
            return Err(EngineError::FileNotFound {
                path: real
                    .parent()
                    .unwrap_or_else(ContainerPath::root)
                    .to_string(),
            });
        }
        let mut head = TarHead::new();
        let directory = add_directories(&mut head, &missing)?;
        let name = format!("{directory}{}", file_name(&real)?);
        head.directory(&name, by_root(mode.unwrap_or(DIRECTORY_MODE)))?;
        let body = stream::iter([Ok(Bytes::from(head.finish()?))]);
        self.put(&base, body).await
    }

    /// Unpacks an archive below a directory.
    pub(super) async fn extract_archive(
        &self,
        path: &ContainerPath,
        archive: Box<dyn AsyncRead + Send + Unpin>,
    ) -> Result<()> {
        match self.look(path).await? {
            (real, Some(entry)) if entry.kind() == FileKind::Directory => {
                let body = ReaderStream::with_capacity(archive, CHUNK);
                self.put(&real, body).await.map_err(bad_archive)
            }
            (_, Some(_)) => Err(EngineError::BadRequest(format!(
                "{path} is not a directory"
            ))),
            (_, None) => Err(EngineError::FileNotFound {
                path: path.to_string(),
            }),
        }
    }

    /// The nearest directory above a path that exists, and the names of those between, which don't.
    async fn missing_parents(&self, path: &ContainerPath) -> Result<(ContainerPath, Vec<String>)> {
        let mut missing = Vec::new();
        let mut at = path.clone();
        while let Some(parent) = at.parent() {
            match self.look(&parent).await? {
                (real, Some(entry)) if entry.kind() == FileKind::Directory => {
                    missing.reverse();
                    return Ok((real, missing));
                }
                (_, Some(_)) => {
                    return Err(EngineError::BadRequest(format!(
                        "{parent} exists and is not a directory"
                    )));
                }
                (_, None) => missing.extend(parent.file_name().map(str::to_owned)),
            }
            at = parent;
        }
        Err(EngineError::BadRequest(
            "/ is a directory that exists".to_owned(),
        ))
    }

    /// Unpacks a tar stream below a directory.
    async fn put(
        &self,
        directory: &ContainerPath,
        body: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<()> {
        let options = UploadToContainerOptions {
            path: directory.to_string(),
            no_overwrite_dir_non_dir: Some("true".to_owned()),
            copy_uidgid: None,
        };
        // The caller's content may come slowly, so there is no time-out.
        self.daemon
            .api()
            .upload_to_container(
                &self.container,
                Some(options),
                bollard::body_try_stream(body),
            )
            .await
            .map_err(|error| path::at(directory, failure::failed(DOING, error)))
    }
}

/// Puts content into a nameless file, and returns it from its beginning with its length.
async fn spool(mut content: Box<dyn AsyncRead + Send + Unpin>) -> Result<(tokio::fs::File, u64)> {
    let failed = |error: io::Error| EngineError::internal("keeping a file for the sandbox", error);
    let file = tempfile::tempfile().map_err(failed)?;
    let mut file = tokio::fs::File::from_std(file);
    let size = tokio::io::copy(&mut content, &mut file)
        .await
        .map_err(failed)?;
    file.flush().await.map_err(failed)?;
    file.seek(SeekFrom::Start(0)).await.map_err(failed)?;
    Ok((file, size))
}

/// Adds directories, each in the one before; returns the prefix of what goes into the last.
fn add_directories(head: &mut TarHead, names: &[String]) -> Result<String> {
    let mut prefix = String::new();
    for name in names {
        prefix.push_str(name);
        head.directory(&prefix, by_root(DIRECTORY_MODE))?;
        prefix.push('/');
    }
    Ok(prefix)
}

fn file_name(path: &ContainerPath) -> Result<&str> {
    path.file_name()
        .ok_or_else(|| EngineError::BadRequest("/ is a directory that exists".to_owned()))
}

fn by_root(mode: u32) -> Attributes {
    Attributes {
        mode,
        uid: 0,
        gid: 0,
        mtime: now(),
    }
}

fn now() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or(0)
}

/// What is wrong with an archive is the caller's to mend, though the daemon calls it its own error.
fn bad_archive(error: EngineError) -> EngineError {
    match error {
        EngineError::Internal { cause, .. } => EngineError::BadRequest(format!(
            "the archive can't be unpacked in the sandbox: {cause}"
        )),
        error => error,
    }
}
