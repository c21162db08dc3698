//! Capturing installers, and the uploads that bring them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A file that is sent in pieces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Upload {
    /// The id, 32 hexadecimal digits.
    pub id: String,
    /// How many bytes are there: the `offset` of the next piece.
    pub received: u64,
}

/// The query of `PUT /api/uploads/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct UploadPieceQuery {
    /// Where the piece begins: how many bytes are there already.
    pub offset: u64,
}

/// `POST /api/containers/{id}/capture`: an installer to capture.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaptureRequest {
    /// The id of the upload with its bytes.
    pub upload: String,
    /// The name of its file: `setup.exe`.
    pub name: String,
    /// Its kind, where it is not to be told from its bytes: `nsis`, `inno`, `msi`, `burn`,
    /// `squirrel`, `seven_zip` or `program`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its arguments, instead of those that make its kind install without asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Vec<String>>,
    /// A person drives it; `POST /api/containers/{id}/capture/finish` ends it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
    /// How many seconds it may take; 1800 where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 86400))]
    pub timeout: Option<f64>,
    /// How many seconds programs that it leaves running are waited for, before they are ended; 30
    /// where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 86400))]
    pub settle: Option<f64>,
}

/// What an installer has left in a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Capture {
    /// The layer with its files.
    pub layer: String,
    /// The job that made it.
    pub job: String,
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// The installer's file.
    pub installer: String,
    /// Its kind.
    pub kind: String,
    /// The arguments that it was given.
    pub arguments: Vec<String>,
    /// The code that it ended with.
    pub exit_code: i32,
    /// The end of what it has put out.
    pub log: String,
    /// The products that it registered.
    pub products: Vec<CapturedProduct>,
    /// The programs that it brought: the container's entry points.
    pub programs: Vec<CapturedProgram>,
    /// Programs that it left running, which were ended.
    pub left_running: Vec<String>,
    /// What it changed of the registry: for each key the `hive` (`machine`, `user`,
    /// `default_user`), the `key`, whether it is `removed`, and the values that are `set` and
    /// `unset`, with their data as registry files write it.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub registry: serde_json::Value,
}

/// A product, as its uninstall key tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CapturedProduct {
    /// The name.
    pub name: String,
    /// The version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// Where its icon is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Where it was installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// A program that an installer has brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CapturedProgram {
    /// The name of its entry point.
    pub name: String,
    /// Its file, as Windows writes it.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What it is, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where its icon is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// `console` or `gui`.
    pub kind: String,
}

/// The answer of `GET /api/containers/{id}/captures`, the lowest layer first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaptureList {
    /// The captures.
    pub captures: Vec<Capture>,
}
