//! Sandboxes that were there before the engine, and sandboxes whose supervisors are lost.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use ctnr_engine::{EngineError, Result, SandboxExit};
use ctnr_model::{ExitStatus, SandboxId};
use jiff::Timestamp;

use super::Inner;
use super::control;
use super::sandbox::Sandbox;
use crate::cgroup;
use crate::process::PidFd;
use crate::protocol::{Reply, Report, Request, SandboxRecord};
use crate::record;
use crate::wire::{Receiver, Sender};

/// Takes in every sandbox of the data directory: those that run are watched, those whose
/// supervisor is lost are ended, and what is left of attempts is removed.
pub(super) async fn adopt_all(inner: &Arc<Inner>) -> Result<()> {
    let doing = "looking for sandboxes in the data directory";
    let entries = std::fs::read_dir(&inner.sandboxes_dir)
        .map_err(|error| EngineError::internal(doing, error))?;
    let groups = cgroup::list_all();
    for entry in entries {
        let entry = entry.map_err(|error| EngineError::internal(doing, error))?;
        let Some(id) = entry
            .file_name()
            .to_str()
            .and_then(|name| SandboxId::parse(name).ok())
        else {
            continue;
        };
        let groups = groups.iter().filter(|name| name.starts_with(id.as_str()));
        let groups: Vec<String> = groups.cloned().collect();
        match record::read(&entry.path()) {
            Ok(Some(record)) => adopt(inner, id, record, groups).await,
            Ok(None) => {
                tracing::info!(
                    sandbox = id.short(),
                    "removing what is left of a failed start"
                );
                remove_groups(groups).await;
                inner
                    .trash
                    .throw(&entry.path())
                    .map_err(|error| EngineError::internal(doing, error))?;
            }
            Err(error) => {
                tracing::error!(sandbox = id.short(), %error, "a sandbox can't be adopted");
            }
        }
    }
    inner.links.adopt_host().await
}

/// Takes a sandbox in that has these groups. Each start made one, and an engine may have died before
/// it removed it: those of earlier runs go, and that of a start which nobody was told of.
async fn adopt(inner: &Arc<Inner>, id: SandboxId, record: SandboxRecord, mut groups: Vec<String>) {
    inner.indexes.mark(record.index);
    let sandbox = Arc::new(Sandbox::new(inner, id.clone(), record.index));
    let running = record.ended.is_none();
    let link = record.link;
    sandbox.hold_layers(inner.layers.adopt(&record.root));
    sandbox.set_record(record.clone());
    inner
        .sandboxes
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(id.clone(), Arc::clone(&sandbox));
    if !running {
        tokio::spawn(remove_groups(groups));
        return;
    }
    inner.links.adopt(link).await;
    match watch(&sandbox).await {
        Ok((sender, receiver)) => {
            tracing::info!(sandbox = id.short(), "adopted a running sandbox");
            groups.retain(|name| record.cgroup.as_ref() != Some(name));
            tokio::spawn(watch_control(Arc::clone(inner), sandbox, sender, receiver));
        }
        Err(_) => lost(inner, &sandbox).await,
    }
    tokio::spawn(remove_groups(groups));
}

async fn watch(sandbox: &Sandbox) -> Result<(Sender, Receiver)> {
    let channel = control::send(sandbox, &Request::Watch, &[]).await?;
    Ok((channel.sender, channel.receiver))
}

/// Waits for the end of a sandbox that this engine started.
pub(super) async fn watch_lifeline(
    inner: Arc<Inner>,
    sandbox: Arc<Sandbox>,
    _open: Sender,
    mut receiver: Receiver,
) {
    // The group of this run: a later one has another.
    let group = sandbox.record().and_then(|record| record.cgroup);
    match receiver.recv::<Report>().await {
        Ok(Some((Report::Ended(record), _))) => ended(&inner, &sandbox, record).await,
        _ => lost(&inner, &sandbox).await,
    }
    remove_groups(group.into_iter().collect()).await;
}

/// Waits for the end of a sandbox that an earlier engine started.
async fn watch_control(
    inner: Arc<Inner>,
    sandbox: Arc<Sandbox>,
    _open: Sender,
    mut receiver: Receiver,
) {
    let group = sandbox.record().and_then(|record| record.cgroup);
    match receiver.recv::<Reply>().await {
        Ok(Some((Reply::Ended(record), _))) => ended(&inner, &sandbox, *record).await,
        _ => lost(&inner, &sandbox).await,
    }
    remove_groups(group.into_iter().collect()).await;
}

/// A supervisor has told that its sandbox's program ended.
async fn ended(inner: &Arc<Inner>, sandbox: &Sandbox, record: SandboxRecord) {
    inner.links.release(record.link).await;
    sandbox.set_record(record);
    inner.tell(&SandboxExit {
        id: sandbox.id.clone(),
        status: sandbox.status(),
    });
}

/// A supervisor is gone without a word: it was killed, or the host was restarted. Its sandbox ends
/// with it, since nobody would log or reap it.
async fn lost(inner: &Arc<Inner>, sandbox: &Sandbox) {
    let Some(record) = sandbox.record() else {
        return;
    };
    // It may have written down the end, and died before it could tell.
    if let Ok(Some(written)) = record::read(&sandbox.directory)
        && written.ended.is_some()
        && written.started_at == record.started_at
    {
        return ended(inner, sandbox, written).await;
    }
    tracing::warn!(
        sandbox = sandbox.id.short(),
        "its supervisor is lost; the sandbox is ended"
    );
    let same_boot = record::boot_id().is_ok_and(|boot_id| boot_id == record.boot_id);
    if same_boot {
        if let Ok(init) = PidFd::open(record.pid, record.pid_started) {
            let _ = init.kill();
        }
        if let Some(name) = &record.cgroup {
            cgroup::kill(name);
        }
    }
    let ended_at = Some((Timestamp::now(), ExitStatus::signaled(libc::SIGKILL)));
    let record = SandboxRecord {
        ended: ended_at,
        ..record
    };
    if let Err(error) = record::write(&sandbox.directory, &record) {
        tracing::warn!(sandbox = sandbox.id.short(), %error, "its end was not written down");
    }
    ended(inner, sandbox, record).await;
}

/// Removes control groups of programs that have ended. A supervisor takes a moment to say its last
/// words and leave its group; one that does not is killed.
pub(super) async fn remove_groups(mut names: Vec<String>) {
    for attempt in 0..100u64 {
        if attempt == 90 {
            names.iter().for_each(|name| cgroup::kill(name));
        }
        names.retain(|name| match cgroup::remove(name) {
            Ok(()) => false,
            Err(error) if attempt == 99 => {
                tracing::warn!(%error, "a control group is left");
                true
            }
            Err(_) => true,
        });
        if names.is_empty() {
            return cgroup::remove_parent();
        }
        tokio::time::sleep(Duration::from_millis(1 + attempt)).await;
    }
}
