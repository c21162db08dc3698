//! The registry of a container, as its files hold it.

use std::collections::BTreeMap;

use ctnr_capture::registry::{Delta, Hive, HiveKind};
use ctnr_engine::{EngineError, SandboxFiles};
use ctnr_model::ContainerPath;
use ctnr_wine::layout;
use futures::StreamExt;

use crate::app::{AppError, Result};

/// The largest file that is read.
const MAX_FILE: usize = 64 << 20;

/// The registry's files, read.
pub(super) type Hives = BTreeMap<HiveKind, Hive>;

/// Reads the registry's files.
pub(super) async fn read(files: &dyn SandboxFiles) -> Result<Hives> {
    let mut hives = Hives::new();
    for kind in HiveKind::ALL {
        let path = format!("{}/{}", layout::PREFIX, kind.file());
        let path = ContainerPath::parse(&path)?;
        let Some(bytes) = bytes(files, &path, MAX_FILE).await? else {
            hives.insert(kind, Hive::default());
            continue;
        };
        let hive = Hive::read(&String::from_utf8_lossy(&bytes)).map_err(|error| {
            AppError::Conflict(format!(
                "the container's {} can't be read: {error}",
                kind.file()
            ))
        })?;
        hives.insert(kind, hive);
    }
    Ok(hives)
}

/// What leads from one state to another.
pub(super) fn compare(before: &Hives, after: &Hives) -> Delta {
    let mut delta = Delta::default();
    for (kind, after) in after {
        if let Some(before) = before.get(kind) {
            delta.add(*kind, before, after);
        }
    }
    delta
}

/// The content of a file of at most so many bytes, the first ones of a longer one; `None` where it
/// is not there.
pub(super) async fn bytes(
    files: &dyn SandboxFiles,
    path: &ContainerPath,
    most: usize,
) -> Result<Option<Vec<u8>>> {
    let mut pieces = match files.read(path).await {
        Ok(pieces) => pieces,
        Err(EngineError::FileNotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece?);
        if bytes.len() >= most {
            bytes.truncate(most);
            break;
        }
    }
    Ok(Some(bytes))
}
