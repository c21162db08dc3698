//! The engine's side.

use std::future::Future;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use ctnr_engine::{EngineError, FileChange, FileInfo, Result, SandboxFiles, Stream};
use ctnr_model::ContainerPath;
use futures::{StreamExt, stream};
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio_util::io::ReaderStream;

use super::protocol::{Commit, FileReply, FileRequest, Owners};
use crate::stream::{reader, writer};
use crate::wire::Channel;

/// How much is read at once.
const CHUNK: usize = 256 * 1024;

/// Forks a process into the sandbox, and gives the socket that it serves.
type Open =
    dyn Fn() -> Pin<Box<dyn Future<Output = Result<UnixStream>> + Send>> + Send + Sync + 'static;

/// A sandbox's files.
pub(crate) struct NativeFiles {
    open: Arc<Open>,
    owners: Owners,
}

impl NativeFiles {
    /// `open` forks a process into the sandbox that serves one request; `owners` is for archives.
    pub(crate) fn new<F>(owners: Owners, open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<UnixStream>> + Send + 'static,
    {
        Self {
            open: Arc::new(move || Box::pin(open())),
            owners,
        }
    }

    async fn send(&self, request: &FileRequest, fds: &[BorrowedFd<'_>]) -> Result<Channel> {
        let channel = (self.open)()
            .await
            .and_then(|socket| Channel::new(socket).map_err(broken))?;
        channel.sender.send(request, fds).await.map_err(broken)?;
        Ok(channel)
    }

    async fn ask(&self, request: FileRequest) -> Result<FileReply> {
        let mut channel = self.send(&request, &[]).await?;
        Ok(reply(&mut channel).await?.0)
    }
}

async fn reply(channel: &mut Channel) -> Result<(FileReply, Vec<OwnedFd>)> {
    match channel.receiver.recv::<FileReply>().await.map_err(broken)? {
        Some((FileReply::Failed(failure), _)) => Err(failure.into()),
        Some(reply) => Ok(reply),
        None => Err(broken("the process that serves them has ended")),
    }
}

fn broken(error: impl std::fmt::Display) -> EngineError {
    EngineError::internal("using the sandbox's files", error)
}

fn unexpected(reply: &FileReply) -> EngineError {
    broken(format!("an unexpected reply: {reply:?}"))
}

fn done(reply: FileReply) -> Result<()> {
    match reply {
        FileReply::Done => Ok(()),
        reply => Err(unexpected(&reply)),
    }
}

/// The file that comes with a reply.
fn file(reply: (FileReply, Vec<OwnedFd>)) -> Result<tokio::fs::File> {
    let (FileReply::File, Some(fd)) = (&reply.0, reply.1.into_iter().next()) else {
        return Err(unexpected(&reply.0));
    };
    Ok(tokio::fs::File::from_std(std::fs::File::from(fd)))
}

#[async_trait]
impl SandboxFiles for NativeFiles {
    async fn stat(&self, path: &ContainerPath) -> Result<FileInfo> {
        match self.ask(FileRequest::Stat(path.clone())).await? {
            FileReply::Info(info) => Ok(info),
            reply => Err(unexpected(&reply)),
        }
    }

    async fn list(&self, path: &ContainerPath) -> Result<Vec<FileInfo>> {
        let mut channel = self.send(&FileRequest::List(path.clone()), &[]).await?;
        let mut all = Vec::new();
        loop {
            match reply(&mut channel).await?.0 {
                FileReply::Entries(part) if part.is_empty() => return Ok(all),
                FileReply::Entries(part) => all.extend(part),
                reply => return Err(unexpected(&reply)),
            }
        }
    }

    async fn read(&self, path: &ContainerPath) -> Result<Stream<Result<Bytes>>> {
        let mut channel = self.send(&FileRequest::Read(path.clone()), &[]).await?;
        let file = file(reply(&mut channel).await?)?;
        Ok(ReaderStream::with_capacity(file, CHUNK)
            .map(|part| part.map_err(broken))
            .boxed())
    }

    async fn write(
        &self,
        path: &ContainerPath,
        mode: Option<u32>,
        mut content: Box<dyn AsyncRead + Send + Unpin>,
    ) -> Result<u64> {
        let mut channel = self
            .send(&FileRequest::Write(path.clone(), mode), &[])
            .await?;
        let mut file = file(reply(&mut channel).await?)?;
        let count = tokio::io::copy(&mut content, &mut file)
            .await
            .map_err(broken)?;
        file.flush().await.map_err(broken)?;
        channel.sender.send(&Commit, &[]).await.map_err(broken)?;
        done(reply(&mut channel).await?.0)?;
        Ok(count)
    }

    async fn mkdir(&self, path: &ContainerPath, parents: bool, mode: Option<u32>) -> Result<()> {
        done(
            self.ask(FileRequest::Mkdir {
                path: path.clone(),
                parents,
                mode,
            })
            .await?,
        )
    }

    async fn rename(
        &self,
        from: &ContainerPath,
        to: &ContainerPath,
        overwrite: bool,
    ) -> Result<()> {
        let request = FileRequest::Rename {
            from: from.clone(),
            to: to.clone(),
            overwrite,
        };
        done(self.ask(request).await?)
    }

    async fn remove(&self, path: &ContainerPath, recursive: bool) -> Result<()> {
        done(
            self.ask(FileRequest::Remove {
                path: path.clone(),
                recursive,
            })
            .await?,
        )
    }

    async fn archive(&self, path: &ContainerPath) -> Result<Stream<Result<Bytes>>> {
        // Asked first, so that a missing file is an error and not a broken archive.
        self.stat(path).await?;
        let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC).map_err(broken)?;
        let channel = self
            .send(&FileRequest::Archive(path.clone()), &[theirs.as_fd()])
            .await?;
        drop(theirs);
        let pipe = reader(ours).map_err(broken)?;
        let content = ReaderStream::with_capacity(pipe, CHUNK).map(|part| part.map_err(broken));
        // The process tells at the end whether the archive is whole.
        let ending = stream::once(async move {
            let mut channel = channel;
            match reply(&mut channel).await.and_then(|(reply, _)| done(reply)) {
                Ok(()) => None,
                Err(error) => Some(Err(error)),
            }
        });
        Ok(content.chain(ending.filter_map(std::future::ready)).boxed())
    }

    async fn extract(
        &self,
        path: &ContainerPath,
        mut archive: Box<dyn AsyncRead + Send + Unpin>,
    ) -> Result<()> {
        let (theirs, ours) = pipe_with(PipeFlags::CLOEXEC).map_err(broken)?;
        let mut channel = self
            .send(
                &FileRequest::Extract(path.clone(), self.owners),
                &[theirs.as_fd()],
            )
            .await?;
        drop(theirs);
        let mut pipe = writer(ours).map_err(broken)?;
        let feeding = async {
            let mut buffer = vec![0; CHUNK];
            loop {
                let count = archive.read(&mut buffer).await?;
                // A process that has refused the archive reads no further, and tells why.
                if count == 0 || pipe.write_all(&buffer[..count]).await.is_err() {
                    drop(pipe);
                    return std::io::Result::Ok(());
                }
            }
        };
        let (fed, reply) = tokio::join!(feeding, reply(&mut channel));
        fed.map_err(|error| EngineError::BadRequest(format!("the archive broke off: {error}")))?;
        done(reply?.0)
    }

    async fn watch(
        &self,
        path: &ContainerPath,
        recursive: bool,
    ) -> Result<Stream<Result<FileChange>>> {
        let request = FileRequest::Watch {
            path: path.clone(),
            recursive,
        };
        let mut channel = self.send(&request, &[]).await?;
        done(reply(&mut channel).await?.0)?;
        Ok(stream::unfold(Some(channel), |channel| async move {
            let mut channel = channel?;
            match reply(&mut channel).await {
                Ok((FileReply::Change(change), _)) => Some((Ok(change), Some(channel))),
                Ok((FileReply::Done, _)) => None,
                Ok((reply, _)) => Some((Err(unexpected(&reply)), None)),
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed())
    }
}
