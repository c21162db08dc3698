//! Files in a sandbox.

use ctnr_model::ContainerPath;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::flag::{flag, is_no};

/// A query that is one path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct FilePathQuery {
    /// An absolute path inside the sandbox.
    #[cfg_attr(feature = "openapi", param(value_type = String, example = "/app/package.json"))]
    pub path: ContainerPath,
}

/// The query of `GET` and `PUT /v1/sandboxes/{id}/files/archive`.
pub type ArchiveQuery = FilePathQuery;

/// The query of `PUT /v1/sandboxes/{id}/files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct WriteFileQuery {
    /// An absolute path inside the sandbox.
    #[cfg_attr(feature = "openapi", param(value_type = String, example = "/tmp/hello.txt"))]
    pub path: ContainerPath,
    /// Permission bits in octal for a file that is made: `644`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(pattern = "^[0-7]{1,4}$"))]
    pub mode: Option<String>,
}

/// The query of `DELETE /v1/sandboxes/{id}/files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct RemoveFileQuery {
    /// An absolute path inside the sandbox.
    #[cfg_attr(feature = "openapi", param(value_type = String, example = "/tmp/hello.txt"))]
    pub path: ContainerPath,
    /// A directory with all that is below it.
    #[serde(default, deserialize_with = "flag", skip_serializing_if = "is_no")]
    pub recursive: bool,
}

/// The query of `GET /v1/sandboxes/{id}/files/watch`.
pub type WatchQuery = RemoveFileQuery;

/// `POST /v1/sandboxes/{id}/files/mkdir`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MakeDirectory {
    /// An absolute path inside the sandbox.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "/tmp/a/b"))]
    pub path: ContainerPath,
    /// Make the directories above it too; an existing one is then no error.
    #[serde(default, skip_serializing_if = "is_no")]
    pub parents: bool,
    /// Permission bits in octal; 755 where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-7]{1,4}$"))]
    pub mode: Option<String>,
}

/// `POST /v1/sandboxes/{id}/files/move`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MoveFile {
    /// The path that is.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "/tmp/a"))]
    pub from: ContainerPath,
    /// The path that will be.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "/tmp/b"))]
    pub to: ContainerPath,
    /// Replace a file that is there.
    #[serde(default, skip_serializing_if = "is_no")]
    pub overwrite: bool,
}

/// What a directory holds, sorted by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileList {
    /// The directory.
    pub path: String,
    /// What it holds.
    pub files: Vec<FileInfo>,
}

/// A file's attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileInfo {
    /// Its last path component, `/` for the root.
    pub name: String,
    /// What it is; a symlink is itself, not what it leads to.
    pub kind: FileKind,
    /// Bytes.
    pub size: u64,
    /// Permission bits in octal, with setuid, setgid and sticky: `0644`.
    pub mode: String,
    /// The owner's number in the sandbox.
    pub uid: u32,
    /// The group's number in the sandbox.
    pub gid: u32,
    /// When its content was last changed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub modified: Timestamp,
    /// Where a symlink leads, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// What kind of thing a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

/// The answer of `PUT /v1/sandboxes/{id}/files`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileWritten {
    /// The number of bytes written.
    pub size: u64,
}

/// A change, the data of a server-sent event of `GET /v1/sandboxes/{id}/files/watch`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileChange {
    /// What happened.
    pub kind: FileChangeKind,
    /// To what.
    pub path: String,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
