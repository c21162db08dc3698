//! Files of sandboxes, through the daemon's archive API.
//!
//! The daemon resolves every path inside the container's root, and no path is ever followed here.
//! Its API reads and writes tar archives only: a directory can be listed by reading all that is
//! below it, and nothing can be moved, removed or watched.

mod list;
mod path;
mod stat;
mod tar_head;
mod tar_reader;
mod write;

use async_trait::async_trait;
use bytes::Bytes;
use ctnr_engine::{
    Capability, EngineError, FileChange, FileInfo, FileKind, Result, SandboxFiles, Stream,
};
use ctnr_model::ContainerPath;
use tokio::io::AsyncRead;

use crate::daemon::Daemon;
use crate::sandboxes::ContainerId;

/// What the user can do instead of moving, removing or watching.
const REMEDY: &str = "run mv, rm or the like in the sandbox with exec, or use the native engine";

/// The files of one sandbox.
#[derive(Debug)]
pub(crate) struct Files {
    daemon: Daemon,
    container: ContainerId,
}

impl Files {
    pub(crate) fn new(daemon: Daemon, container: ContainerId) -> Self {
        Self { daemon, container }
    }
}

#[async_trait]
impl SandboxFiles for Files {
    async fn stat(&self, path: &ContainerPath) -> Result<FileInfo> {
        let (entry, _) = self.open(path).await?;
        Ok(entry.info(path.file_name().unwrap_or("/")))
    }

    async fn list(&self, path: &ContainerPath) -> Result<Vec<FileInfo>> {
        self.list_directory(path).await
    }

    async fn read(&self, path: &ContainerPath) -> Result<Stream<Result<Bytes>>> {
        let real = self.resolve(path).await?;
        let (entry, reader) = self.open(&real).await?;
        match entry.kind() {
            FileKind::File => Ok(reader.into_content()),
            FileKind::Directory => Err(EngineError::BadRequest(format!(
                "{path} is a directory; list it, or get it as an archive"
            ))),
            FileKind::Symlink | FileKind::Other => Err(EngineError::BadRequest(format!(
                "{path} is not a regular file"
            ))),
        }
    }

    async fn write(
        &self,
        path: &ContainerPath,
        mode: Option<u32>,
        content: Box<dyn AsyncRead + Send + Unpin>,
    ) -> Result<u64> {
        self.write_file(path, mode, content).await
    }

    async fn mkdir(&self, path: &ContainerPath, parents: bool, mode: Option<u32>) -> Result<()> {
        self.make_directory(path, parents, mode).await
    }

    async fn rename(&self, _: &ContainerPath, _: &ContainerPath, _: bool) -> Result<()> {
        Err(unsupported(Capability::FileManagement))
    }

    async fn remove(&self, _: &ContainerPath, _: bool) -> Result<()> {
        Err(unsupported(Capability::FileManagement))
    }

    async fn archive(&self, path: &ContainerPath) -> Result<Stream<Result<Bytes>>> {
        Ok(self.get(path).await?.bytes(path::DOING))
    }

    async fn extract(
        &self,
        path: &ContainerPath,
        archive: Box<dyn AsyncRead + Send + Unpin>,
    ) -> Result<()> {
        self.extract_archive(path, archive).await
    }

    async fn watch(&self, _: &ContainerPath, _: bool) -> Result<Stream<Result<FileChange>>> {
        Err(unsupported(Capability::FileWatch))
    }
}

fn unsupported(capability: Capability) -> EngineError {
    EngineError::Unsupported {
        capability,
        remedy: REMEDY,
    }
}
