//! Signals to commands. The daemon's API signals whole containers only.

use std::time::Duration;

use bollard::exec::StartExecOptions;
use bollard::models::ExecConfig;
use ctnr_engine::{EngineError, Result};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal};

use crate::daemon::Daemon;

const DOING: &str = "signalling a command";
/// The highest signal of Linux.
const LAST: i32 = 64;
const POLL: Duration = Duration::from_millis(20);
const POLLS: u32 = 250;

/// What came of a signal sent from the host.
enum FromHost {
    Sent,
    /// The process has ended.
    Ended,
    /// The host's kernel is not the daemon's, or this user may not.
    NotPossible,
}

/// Sends a signal to the process group of a command, by its process id on the daemon's host.
pub(super) async fn send(daemon: &Daemon, container: &str, pid: u32, signal: i32) -> Result<()> {
    if !(1..=LAST).contains(&signal) {
        return Err(EngineError::BadRequest(format!(
            "no signal {signal}; expected 1 to {LAST}"
        )));
    }
    match from_host(container, pid, signal) {
        FromHost::Sent | FromHost::Ended => Ok(()),
        FromHost::NotPossible => from_inside(daemon, container, pid, signal).await,
    }
}

fn from_host(container: &str, pid: u32, signal: i32) -> FromHost {
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let (Some(pid), Some(signal)) = (raw, Signal::from_named_raw(signal)) else {
        return FromHost::NotPossible;
    };
    // The descriptor is taken before the process is looked at, so that it is this process that is
    // signalled and not one that got its number later.
    let fd = match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
        Ok(fd) => fd,
        Err(Errno::SRCH) => return FromHost::Ended,
        Err(_) => return FromHost::NotPossible,
    };
    if !is_in(container, pid) {
        return FromHost::NotPossible;
    }
    let leads = rustix::process::getpgid(Some(pid)) == Ok(pid);
    let sent = if leads {
        rustix::process::kill_process_group(pid, signal)
    } else {
        rustix::process::pidfd_send_signal(&fd, signal)
    };
    match sent {
        Ok(()) => FromHost::Sent,
        Err(Errno::SRCH) => FromHost::Ended,
        Err(_) => FromHost::NotPossible,
    }
}

/// Whether the process is in the container, by its control group. On another kernel than the
/// daemon's, the number is another process'.
fn is_in(container: &str, pid: Pid) -> bool {
    std::fs::read_to_string(format!("/proc/{}/cgroup", pid.as_raw_nonzero()))
        .is_ok_and(|groups| groups.contains(container))
}

/// Sends the signal by a `kill` of the image's own, as root in the sandbox.
async fn from_inside(daemon: &Daemon, container: &str, pid: u32, signal: i32) -> Result<()> {
    let unsupported = || {
        EngineError::Unavailable(
            "signalling a command needs the daemon's own host; run ctnr beside it, or restart the sandbox"
                .to_owned(),
        )
    };
    let inner = pid_inside(container, pid).ok_or_else(unsupported)?;
    for cmd in [
        vec![
            "sh".to_owned(),
            "-c".to_owned(),
            format!("kill -{signal} -{inner}"),
        ],
        vec!["kill".to_owned(), format!("-{signal}"), format!("-{inner}")],
    ] {
        let config = ExecConfig {
            cmd: Some(cmd),
            user: Some("0".to_owned()),
            ..ExecConfig::default()
        };
        let created = daemon
            .call(DOING, daemon.api().create_exec(container, config))
            .await?;
        let options = StartExecOptions {
            detach: true,
            ..StartExecOptions::default()
        };
        let started = daemon
            .call(DOING, daemon.api().start_exec(&created.id, Some(options)))
            .await;
        if started.is_ok() && exit_code(daemon, &created.id).await? == Some(0) {
            return Ok(());
        }
    }
    Err(EngineError::Unavailable(
        "the command was not signalled: the image has no working `kill`; run ctnr as the daemon's user, or restart the sandbox"
            .to_owned(),
    ))
}

/// The process id in the container's own namespace.
fn pid_inside(container: &str, pid: u32) -> Option<u32> {
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let inner = status
        .lines()
        .find_map(|line| line.strip_prefix("NSpid:"))?
        .split_whitespace()
        .next_back()?;
    inner.parse().ok().filter(|_| is_in(container, raw))
}

async fn exit_code(daemon: &Daemon, exec: &str) -> Result<Option<i64>> {
    for _ in 0..POLLS {
        let inspected = daemon.call(DOING, daemon.api().inspect_exec(exec)).await?;
        if inspected.running == Some(false) && inspected.exit_code.is_some() {
            return Ok(inspected.exit_code);
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(None)
}

#[cfg(all(test, feature = "system-tests"))]
mod tests {
    use std::sync::Arc;

    use ctnr_engine::SandboxEngine;
    use ctnr_engine::contract::{Setup, check};
    use ctnr_engine::{ExecSpec, Stdio};
    use ctnr_model::ExecId;

    use super::*;
    use crate::{DockerEngine, Options, Owner, SocketSearch};

    /// As for a user who may use the daemon and not signal its processes.
    #[tokio::test(flavor = "multi_thread")]
    async fn the_images_own_kill_signals_as_well() {
        let engine = DockerEngine::connect(Options {
            owner: Owner::new("a signal from inside").unwrap(),
            socket: SocketSearch::from_env().unwrap(),
            network_per_sandbox: false,
        })
        .await
        .expect("a Docker daemon answers: run cargo xtask test, which starts one");
        let setup = Setup {
            engine: Arc::new(engine.clone()),
            keep: Box::new(()),
        };
        check(setup, |bench| async move {
            let sandbox = bench.running().await;
            let id = ExecId::from_random([7; 32]);
            let spec = ExecSpec {
                id: id.clone(),
                cmd: vec!["sh".into(), "-c".into(), "sleep 4246 & sleep 4247".into()],
                env: Vec::new(),
                workdir: None,
                user: None,
                stdio: Stdio::Pipes { stdin: false },
                detached: true,
            };
            let session = sandbox.exec(&spec).await.unwrap();
            while !sandbox.read("ps").await.contains("sleep 4247") {
                tokio::time::sleep(POLL).await;
            }
            let pid = engine.execs(sandbox.id()).await.unwrap()[0].pid.unwrap();
            let shared = engine.shared();
            let container = shared.sandboxes.container(sandbox.id()).await.unwrap();
            from_inside(&shared.daemon, &container, pid, 9)
                .await
                .unwrap();
            assert_eq!(session.exit.await.unwrap().code, 137);
            assert!(!sandbox.read("ps").await.contains("sleep 424"));
        })
        .await;
    }

    #[test]
    fn a_strangers_process_is_not_signalled() {
        let own = std::process::id();
        assert!(matches!(
            from_host("0123456789abcdef", own, 9),
            FromHost::NotPossible
        ));
    }
}
