//! The files of the engine in memory: regular files and directories.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use ctnr_engine::*;
use ctnr_model::ContainerPath;
use futures::StreamExt;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Paths with contents; `None` is a directory.
#[derive(Clone, Default)]
pub(crate) struct Tree(Arc<Mutex<BTreeMap<String, Option<Bytes>>>>);

pub(super) struct FakeFiles(pub(super) Tree);

fn missing(path: &ContainerPath) -> EngineError {
    EngineError::FileNotFound {
        path: path.to_string(),
    }
}

fn unsupported<T>() -> Result<T> {
    Err(EngineError::Unsupported {
        capability: Capability::FileWatch,
        remedy: "use a real engine",
    })
}

impl FakeFiles {
    fn get(&self, path: &ContainerPath) -> Option<Option<Bytes>> {
        if path.as_str() == "/" {
            return Some(None);
        }
        self.0.0.lock().unwrap().get(path.as_str()).cloned()
    }

    fn put(&self, path: &ContainerPath, content: Option<Bytes>) {
        self.0
            .0
            .lock()
            .unwrap()
            .insert(path.as_str().to_owned(), content);
    }
}

fn info(path: &str, content: Option<&Bytes>) -> FileInfo {
    FileInfo {
        name: path.rsplit('/').next().unwrap().to_owned(),
        kind: match content {
            Some(_) => FileKind::File,
            None => FileKind::Directory,
        },
        size: content.map_or(0, |content| content.len() as u64),
        mode: if content.is_some() { 0o644 } else { 0o755 },
        uid: 0,
        gid: 0,
        modified: Timestamp::UNIX_EPOCH,
        target: None,
    }
}

#[async_trait]
impl SandboxFiles for FakeFiles {
    async fn stat(&self, path: &ContainerPath) -> Result<FileInfo> {
        let content = self.get(path).ok_or_else(|| missing(path))?;
        Ok(info(path.as_str(), content.as_ref()))
    }

    async fn list(&self, path: &ContainerPath) -> Result<Vec<FileInfo>> {
        match self.get(path) {
            None => return Err(missing(path)),
            Some(Some(_)) => {
                return Err(EngineError::BadRequest(format!(
                    "{path} is not a directory"
                )));
            }
            Some(None) => {}
        }
        let below = format!("{}/", path.as_str().trim_end_matches('/'));
        let files = self.0.0.lock().unwrap();
        Ok(files
            .iter()
            .filter(|(path, _)| {
                path.strip_prefix(&below)
                    .is_some_and(|rest| !rest.contains('/'))
            })
            .map(|(path, content)| info(path, content.as_ref()))
            .collect())
    }

    async fn read(&self, path: &ContainerPath) -> Result<Stream<Result<Bytes>>> {
        match self.get(path) {
            Some(Some(content)) => Ok(futures::stream::iter([Ok(content)]).boxed()),
            Some(None) => Err(EngineError::BadRequest(format!("{path} is a directory"))),
            None => Err(missing(path)),
        }
    }

    async fn write(
        &self,
        path: &ContainerPath,
        _mode: Option<u32>,
        mut content: Box<dyn AsyncRead + Send + Unpin>,
    ) -> Result<u64> {
        let mut bytes = Vec::new();
        content
            .read_to_end(&mut bytes)
            .await
            .map_err(|error| EngineError::internal("reading the content", error))?;
        let size = bytes.len() as u64;
        self.put(path, Some(bytes.into()));
        Ok(size)
    }

    async fn mkdir(&self, path: &ContainerPath, parents: bool, _mode: Option<u32>) -> Result<()> {
        if self.get(path).is_some() && !parents {
            return Err(EngineError::Conflict(format!("{path} exists already")));
        }
        self.put(path, None);
        Ok(())
    }

    async fn rename(
        &self,
        from: &ContainerPath,
        to: &ContainerPath,
        overwrite: bool,
    ) -> Result<()> {
        if self.get(to).is_some() && !overwrite {
            return Err(EngineError::Conflict(format!("{to} exists already")));
        }
        let content = self.0.0.lock().unwrap().remove(from.as_str());
        self.put(to, content.ok_or_else(|| missing(from))?);
        Ok(())
    }

    async fn remove(&self, path: &ContainerPath, _recursive: bool) -> Result<()> {
        let mut files = self.0.0.lock().unwrap();
        files.remove(path.as_str()).ok_or_else(|| missing(path))?;
        let below = format!("{path}/");
        files.retain(|other, _| !other.starts_with(&below));
        Ok(())
    }

    async fn archive(&self, path: &ContainerPath) -> Result<Stream<Result<Bytes>>> {
        self.read(path).await
    }

    async fn extract(
        &self,
        path: &ContainerPath,
        archive: Box<dyn AsyncRead + Send + Unpin>,
    ) -> Result<()> {
        let inside = path.join("archive").unwrap();
        self.write(&inside, None, archive).await.map(|_| ())
    }

    async fn watch(
        &self,
        _path: &ContainerPath,
        _recursive: bool,
    ) -> Result<Stream<Result<FileChange>>> {
        unsupported()
    }
}
