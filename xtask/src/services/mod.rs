//! Servers that tasks start, and stop when they end.

pub(crate) mod aftermath;
pub(crate) mod docker;
pub(crate) mod postgres;
pub(crate) mod redis;
pub(crate) mod registry;

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};

/// How long a server may take to answer, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that is stopped when this value goes.
pub(crate) struct Service {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts `command` with its output in the file `log`, out of reach of the terminal's Ctrl-C.
    pub(crate) fn start(name: &'static str, mut command: Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot write {log:?}"))?;
        let copy = file.try_clone().context("cannot share the log file")?;
        let child = command
            .stdin(Stdio::null())
            .stdout(copy)
            .stderr(file)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self {
            name,
            child,
            log: log.to_owned(),
        })
    }

    /// Waits until `answers` holds.
    ///
    /// # Errors
    /// When the server ends or takes too long; the error has the end of its log.
    pub(crate) fn wait_until(&mut self, answers: impl Fn() -> bool) -> Result<()> {
        let started = Instant::now();
        while !answers() {
            if let Some(status) = self.child.try_wait().context("cannot watch a server")? {
                bail!(
                    "{} ended at once: {status}\n{}",
                    self.name,
                    self.last_lines()
                );
            }
            if started.elapsed() > PATIENCE {
                bail!(
                    "{} does not answer after {} s\n{}",
                    self.name,
                    PATIENCE.as_secs(),
                    self.last_lines()
                );
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Leaves the server running when this process ends.
    pub(crate) fn leave_running(self) -> u32 {
        let pid = self.child.id();
        std::mem::forget(self);
        pid
    }

    /// The end of its log.
    pub(crate) fn last_lines(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It is our own child and not yet waited for, so the number can't be another's.
            let _ = rustix::process::kill_process(pid, signal);
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let started = Instant::now();
        self.signal(Signal::TERM);
        while let Ok(None) = self.child.try_wait() {
            if started.elapsed() > PATIENCE {
                self.signal(Signal::KILL);
                drop(self.child.wait());
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A port of the loopback address that nobody listens on.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot find a free port")?;
    Ok(listener.local_addr().context("cannot read a port")?.port())
}

#[cfg(all(test, feature = "system-tests"))]
mod tests {
    use std::net::TcpStream;
    use std::process::Command;

    use super::docker::State;
    use super::postgres::Postgres;
    use super::redis::Redis;
    use super::registry::Registry;
    use super::{aftermath, docker};
    use crate::leaks::{Mark, Snapshot};

    /// Set in the process that has a network of its own.
    const INSIDE: &str = "CTNR_TEST_OWN_NETWORK";

    #[test]
    fn servers_answer_while_they_live_and_leave_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let postgres = Postgres::start(folder.path()).expect("PostgreSQL starts");
        let registry = Registry::start(folder.path()).expect("a registry starts");
        let redis = Redis::start(folder.path()).expect("Redis starts");
        let (_, place) = postgres.url().rsplit_once('@').expect("an address");
        let place = place.trim_end_matches("/postgres").to_owned();
        let address = registry.address().to_owned();
        let carrier = redis.url().trim_start_matches("redis://").to_owned();
        for server in [&place, &address, &carrier] {
            TcpStream::connect(server).expect("it answers");
        }
        drop((postgres, registry, redis));
        for server in [&place, &address, &carrier] {
            assert!(
                TcpStream::connect(server).is_err(),
                "{server} still answers"
            );
        }
    }

    /// Two daemons on one network destroy each other's bridge, so this one gets its own.
    #[test]
    fn a_docker_of_ours_is_taken_back() {
        if std::env::var_os(INSIDE).is_some() {
            return start_and_take_back();
        }
        let cache = tempfile::tempdir().expect("a folder");
        let this = std::env::current_exe().expect("a path");
        let output = Command::new("unshare")
            .args(["--mount", "--net", "--propagation", "private", "sh", "-c"])
            .arg("mount -t tmpfs none /run && ip link set lo up && exec \"$@\"")
            .arg("sh")
            .arg(this)
            .args(["--exact", "services::tests::a_docker_of_ours_is_taken_back"])
            .args(["--nocapture"])
            .env(INSIDE, "1")
            .env("CTNR_CACHE", cache.path())
            .output()
            .expect("unshare runs");
        let said = [output.stdout, output.stderr].concat();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&said)
        );
    }

    fn start_and_take_back() {
        let scratch = tempfile::tempdir().expect("a folder");
        let mark = Mark::new();
        let look = || Snapshot::take(&mark, scratch.path()).expect("readable");
        let before = look();
        assert_eq!(docker::state(), State::Absent);
        let service = docker::start().expect("Docker starts");
        assert_eq!(docker::state(), State::Answering);
        let changes = before.changes(&look()).join("\n");
        assert!(changes.contains("+ link docker0"), "{changes}");
        drop(service);
        aftermath::take_back(&before, &look());
        // Other tests run on the same machine: only what is in this network and in `/run` counts.
        let left = before.changes(&look());
        let left: Vec<&String> = left
            .iter()
            .filter(|change| {
                [
                    "link",
                    "address",
                    "route",
                    "firewall",
                    "sysctl",
                    "file /run/containerd",
                    "file /run/docker",
                ]
                .iter()
                .any(|kind| change[2..].starts_with(kind))
            })
            .collect();
        assert!(left.is_empty(), "{left:#?}");
    }
}
