//! Sandboxes that become layers.
//!
//! ```text
//! ID.part with layer.json ──▶ directories renamed into it ──▶ ID.part renamed to ID ──▶ sandbox to the trash
//!          └──────────── killed here: they go back ─────────┘   └─ killed here: the sandbox goes ─┘
//! ```

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use ctnr_engine::{EngineError, Result};
use ctnr_model::{LayerId, MountAccess, SandboxId};
use rustix::fs::{FlockOperation, flock};

use super::facts::Facts;
use crate::engine::Inner;
use crate::engine::delete::clean_up;
use crate::engine::sandbox::Sandbox;
use crate::protocol::RootLaunch;
use crate::rootfs::written_directory;

/// How often the end of what still uses a sandbox's files is waited for, and how long each time.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// Makes a layer of a sandbox; see the trait.
pub(in crate::engine) async fn freeze(
    inner: &Arc<Inner>,
    id: &SandboxId,
    layer: &LayerId,
) -> Result<()> {
    let (inner, id, layer) = (Arc::clone(inner), id.clone(), layer.clone());
    // In a task of its own, so that a caller who leaves does not cut it in the middle.
    tokio::spawn(async move {
        let gone = |error| match inner.layers.was(&layer, &id) {
            true => Ok(()),
            false => Err(error),
        };
        let sandbox = match inner.sandbox(&id) {
            Ok(sandbox) => sandbox,
            Err(error) => return gone(error),
        };
        let _turn = sandbox.turn.lock().await;
        if let Err(error) = inner.sandbox(&id) {
            return gone(error);
        }
        freeze_stopped(&inner, &sandbox, &layer).await
    })
    .await
    .map_err(|error| EngineError::internal("freezing the sandbox", error))?
}

/// The caller has the sandbox's turn.
async fn freeze_stopped(inner: &Arc<Inner>, sandbox: &Arc<Sandbox>, layer: &LayerId) -> Result<()> {
    if sandbox.running_record().is_ok() {
        return Err(EngineError::Conflict(
            "the sandbox is running; stop it before it is frozen".to_owned(),
        ));
    }
    let record = sandbox.record().ok_or(EngineError::SandboxNotFound)?;
    let _unused = wait_until_unused(&sandbox.directory).await?;
    let pending = inner.layers.begin(layer)?;
    let facts = Facts::new(
        record.root.ids,
        Some(sandbox.id.clone()),
        written(&record.root),
    );
    let doing = "making a layer of the sandbox's files";
    let failed = |error: io::Error| EngineError::on_disk(doing, &error);
    let part = pending.part();
    // Where an attempt before failed and its files could not be put back, they are in there still.
    if let Ok(left) = Facts::read(&part)
        && left.from.as_ref() == Some(&sandbox.id)
    {
        give_back(&part, &sandbox.directory, &left).map_err(failed)?;
    }
    inner.trash.throw(&part).map_err(failed)?;
    if let Err(error) =
        fill(&part, &sandbox.directory, &facts).and_then(|()| fs::rename(&part, pending.whole()))
    {
        // What can't be put back is found again by the next engine.
        match give_back(&part, &sandbox.directory, &facts) {
            Ok(()) => inner.trash.throw(&part).map_err(failed)?,
            Err(left) => tracing::error!(%left, "a sandbox's files were not put back"),
        }
        return Err(failed(error));
    }
    pending.done(facts);
    let mut sandboxes = inner
        .sandboxes
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    sandboxes.remove(&sandbox.id);
    drop(sandboxes);
    sandbox.release_layers();
    if let Err(error) = inner.trash.throw(&sandbox.directory) {
        tracing::warn!(sandbox = sandbox.id.short(), %error, "a frozen sandbox's directory is left");
    }
    tokio::spawn(clean_up(Arc::clone(inner), Arc::clone(sandbox)));
    Ok(())
}

/// Waits for processes that serve files of the sandbox while it is stopped: they have its writable
/// layer mounted. None begins while the returned file is open.
async fn wait_until_unused(directory: &Path) -> Result<File> {
    let doing = "looking who uses the sandbox's files";
    let file = File::open(directory).map_err(|error| EngineError::internal(doing, error))?;
    for _ in 0..ATTEMPTS {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) => tokio::time::sleep(PAUSE).await,
            Err(error) => return Err(EngineError::internal(doing, error)),
        }
    }
    Err(EngineError::Conflict(
        "the sandbox's files are being read or written; try again when that has ended".to_owned(),
    ))
}

/// The host directories that a sandbox has copies of.
fn written(root: &RootLaunch) -> Vec<(usize, ctnr_model::ContainerPath)> {
    let mounts = root.mounts.iter().enumerate();
    mounts
        .filter(|(_, launch)| launch.mount.access == MountAccess::CopyOnWrite)
        .map(|(number, launch)| (number, launch.mount.target.clone()))
        .collect()
}

/// Moves what a sandbox has written to a layer in the making.
fn fill(part: &Path, sandbox: &Path, facts: &Facts) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.mode(0o700).create(part)?;
    facts.write(part)?;
    builder.create(part.join("mounts"))?;
    for (kept, written) in places(part, sandbox, facts) {
        move_tree(&written, &kept)?;
    }
    Ok(())
}

/// Moves what there is of a layer in the making back to the sandbox.
pub(super) fn give_back(part: &Path, sandbox: &Path, facts: &Facts) -> io::Result<()> {
    for (kept, written) in places(part, sandbox, facts) {
        if kept.symlink_metadata().is_ok() {
            move_tree(&kept, &written)?;
        }
    }
    Ok(())
}

/// What moves, by its places in the layer and in the sandbox.
fn places(part: &Path, sandbox: &Path, facts: &Facts) -> Vec<(PathBuf, PathBuf)> {
    let mounts = facts.written.iter().map(|(number, _)| {
        let kept = part.join("mounts").join(number.to_string());
        (kept, written_directory(sandbox, *number).join("upper"))
    });
    let files = (part.join("files"), sandbox.join("upper"));
    mounts.chain([files]).collect()
}

/// Renames a directory, also one that its owner may not write to.
fn move_tree(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let mode = from.symlink_metadata()?.permissions().mode();
            fs::set_permissions(from, fs::Permissions::from_mode(mode | 0o700))?;
            fs::rename(from, to)?;
            fs::set_permissions(to, fs::Permissions::from_mode(mode))
        }
        result => result,
    }
}
