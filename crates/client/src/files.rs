//! Files in a sandbox.

use std::fmt;
use std::io;

use bytes::Bytes;
use ctnr_api::{
    ArchiveQuery, FileInfo, FileList, FilePathQuery, FileWritten, MakeDirectory, MoveFile,
    RemoveFileQuery, WriteFileQuery,
};
use ctnr_model::{ContainerPath, SandboxQuery};
use futures::StreamExt;

use crate::sandboxes::below;
use crate::{Answer, Client, Result, Stream};

fn at(path: &ContainerPath) -> FilePathQuery {
    FilePathQuery { path: path.clone() }
}

impl Client {
    /// A file's attributes; a symlink is not followed.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn stat_file(
        &self,
        sandbox: &SandboxQuery,
        path: &ContainerPath,
    ) -> Result<Answer<FileInfo>> {
        self.get(&below(sandbox, ["files", "stat"]))
            .query(&at(path))?
            .fetch()
            .await
    }

    /// What a directory holds.
    ///
    /// # Errors
    /// As for [`Client::stat_file`].
    pub async fn list_files(
        &self,
        sandbox: &SandboxQuery,
        path: &ContainerPath,
    ) -> Result<Answer<FileList>> {
        self.get(&below(sandbox, ["files", "list"]))
            .query(&at(path))?
            .fetch()
            .await
    }

    /// A regular file's content.
    ///
    /// # Errors
    /// As for [`Client::stat_file`].
    pub async fn read_file(
        &self,
        sandbox: &SandboxQuery,
        path: &ContainerPath,
    ) -> Result<Stream<Bytes>> {
        self.get(&below(sandbox, ["files"]))
            .query(&at(path))?
            .bytes()
            .await
    }

    /// Writes a regular file as a whole.
    ///
    /// # Errors
    /// As for [`Client::stat_file`], and [`ClientError::Source`](crate::ClientError::Source) where
    /// `content` fails.
    pub async fn write_file(
        &self,
        sandbox: &SandboxQuery,
        query: &WriteFileQuery,
        content: impl futures::Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<Answer<FileWritten>> {
        self.put(&below(sandbox, ["files"]))
            .query(query)?
            .body("application/octet-stream", marked(content))
            .fetch()
            .await
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// As for [`Client::stat_file`].
    pub async fn make_directory(
        &self,
        sandbox: &SandboxQuery,
        request: &MakeDirectory,
    ) -> Result<()> {
        self.post(&below(sandbox, ["files", "mkdir"]))
            .json(request)
            .done()
            .await
    }

    /// Renames a file.
    ///
    /// # Errors
    /// As for [`Client::stat_file`].
    pub async fn move_file(&self, sandbox: &SandboxQuery, request: &MoveFile) -> Result<()> {
        self.post(&below(sandbox, ["files", "move"]))
            .json(request)
            .done()
            .await
    }

    /// Removes a file or directory.
    ///
    /// # Errors
    /// As for [`Client::stat_file`].
    pub async fn remove_file(&self, sandbox: &SandboxQuery, query: &RemoveFileQuery) -> Result<()> {
        self.delete(&below(sandbox, ["files"]))
            .query(query)?
            .done()
            .await
    }

    /// A tar archive of a file, or of a directory and all below it, named by its last component.
    ///
    /// # Errors
    /// As for [`Client::stat_file`].
    pub async fn download(
        &self,
        sandbox: &SandboxQuery,
        query: &ArchiveQuery,
    ) -> Result<Stream<Bytes>> {
        self.get(&below(sandbox, ["files", "archive"]))
            .query(query)?
            .bytes()
            .await
    }

    /// Unpacks a tar archive below a directory, which has to exist.
    ///
    /// # Errors
    /// As for [`Client::write_file`].
    pub async fn upload(
        &self,
        sandbox: &SandboxQuery,
        query: &ArchiveQuery,
        archive: impl futures::Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<()> {
        self.put(&below(sandbox, ["files", "archive"]))
            .query(query)?
            .body("application/x-tar", marked(archive))
            .done()
            .await
    }
}

/// The failure of a stream that was being sent, so that it can be told from one of the
/// connection.
#[derive(Debug)]
pub(crate) struct SourceFailed(io::Error);

impl fmt::Display for SourceFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for SourceFailed {}

/// The stream, with its failures marked as its own.
pub(crate) fn marked(
    content: impl futures::Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> impl futures::Stream<Item = io::Result<Bytes>> + Send + 'static {
    content.map(|piece| piece.map_err(|error| io::Error::new(error.kind(), SourceFailed(error))))
}
