//! The files of a sandbox.
//!
//! Paths are resolved inside the sandbox, as a program in it would see them; a symlink there can
//! lead anywhere in the sandbox and nowhere else.

use async_trait::async_trait;
use bytes::Bytes;
use ctnr_model::ContainerPath;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncRead;

use crate::{Result, Stream};

/// What kind of thing a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A device, socket or pipe.
    Other,
}

/// A file's attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfo {
    /// Its last path component, `/` for the root.
    pub name: String,
    /// What it is; a symlink is itself, not what it leads to.
    pub kind: FileKind,
    /// Bytes.
    pub size: u64,
    /// Permission bits, with setuid, setgid and sticky.
    pub mode: u32,
    /// The owner's number in the sandbox.
    pub uid: u32,
    /// The group's number in the sandbox.
    pub gid: u32,
    /// When its content was last changed.
    pub modified: Timestamp,
    /// Where a symlink leads, as written.
    pub target: Option<String>,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileChangeKind {
    /// It was made, or moved here.
    Created,
    /// Its content was written.
    Modified,
    /// It was removed, or moved away.
    Removed,
    /// Its permissions, owner or times were changed.
    Attributes,
    /// More happened than could be told; look again.
    Overflow,
}

/// A change below a watched directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// What happened.
    pub kind: FileChangeKind,
    /// To what.
    pub path: String,
}

/// Access to a sandbox's files, with the rights of its root user.
#[async_trait]
pub trait SandboxFiles: Send + Sync {
    /// A file's attributes; a symlink is not followed at the last component.
    async fn stat(&self, path: &ContainerPath) -> Result<FileInfo>;

    /// What a directory holds, sorted by name.
    async fn list(&self, path: &ContainerPath) -> Result<Vec<FileInfo>>;

    /// A regular file's content.
    async fn read(&self, path: &ContainerPath) -> Result<Stream<Result<Bytes>>>;

    /// Writes a regular file as a whole: it appears with all of its content or not at all. Missing
    /// directories above it are made. `mode` is for a file that is made; an existing one keeps its
    /// mode and owner. Returns the number of bytes.
    async fn write(
        &self,
        path: &ContainerPath,
        mode: Option<u32>,
        content: Box<dyn AsyncRead + Send + Unpin>,
    ) -> Result<u64>;

    /// Makes a directory, and with `parents` those above it; then an existing one is no error.
    async fn mkdir(&self, path: &ContainerPath, parents: bool, mode: Option<u32>) -> Result<()>;

    /// Renames; an existing file at `to` is replaced with `overwrite` only.
    async fn rename(&self, from: &ContainerPath, to: &ContainerPath, overwrite: bool)
    -> Result<()>;

    /// Removes a file, or with `recursive` a directory and all below it.
    async fn remove(&self, path: &ContainerPath, recursive: bool) -> Result<()>;

    /// A tar archive of a file, or of a directory and all below it, named by its last component.
    async fn archive(&self, path: &ContainerPath) -> Result<Stream<Result<Bytes>>>;

    /// Unpacks a plain tar archive below a directory, which has to exist.
    async fn extract(
        &self,
        path: &ContainerPath,
        archive: Box<dyn AsyncRead + Send + Unpin>,
    ) -> Result<()>;

    /// The changes to a file, or in a directory and with `recursive` all below it.
    async fn watch(
        &self,
        path: &ContainerPath,
        recursive: bool,
    ) -> Result<Stream<Result<FileChange>>>;
}
