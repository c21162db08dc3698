//! What a daemon of Docker leaves when it is stopped, and how a test run takes it back.
//!
//! dockerd keeps its bridges, its firewall tables, the forwarding that it switched on, its cgroup
//! and its folders in `/run`. Only what was not there before is removed, and only after a daemon
//! that this run started has ended.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Service, docker};
use crate::console;
use crate::leaks::{Mark, Snapshot};
use crate::process::Run;

/// A Docker of ours that is stopped, and whose traces are taken back, when the value goes.
pub(crate) struct Guest {
    service: Option<Service>,
    mark: Mark,
    scratch: tempfile::TempDir,
    untouched: Snapshot,
}

impl Guest {
    /// Starts Docker.
    pub(crate) fn start() -> Result<Self> {
        let mark = Mark::new();
        let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
        let untouched = Snapshot::take(&mark, scratch.path())?;
        Ok(Self {
            service: Some(docker::start()?),
            mark,
            scratch,
            untouched,
        })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        drop(self.service.take());
        match Snapshot::take(&self.mark, self.scratch.path()) {
            Ok(after) => take_back(&self.untouched, &after),
            Err(error) => console::note(format!("cannot take back what Docker left: {error:#}")),
        }
    }
}

/// Takes back what Docker added between two snapshots.
pub(crate) fn take_back(before: &Snapshot, after: &Snapshot) {
    for name in added(before, after, "link") {
        if is_bridge(name) {
            attempt(Run::new("ip").args(["link", "delete", name]));
        }
    }
    for name in added(before, after, "firewall") {
        if let Some(table) = table(name) {
            attempt(Run::new("nft").args(["delete", "table"]).args(table));
        }
    }
    // Switching forwarding off for all links writes the setting of each, so it comes first.
    let forwarding = |(name, _): &(&str, &str)| *name == "net/ipv4/ip_forward";
    let (first, rest): (Vec<_>, Vec<_>) = before.facts("sysctl").partition(forwarding);
    for (name, value) in first.into_iter().chain(rest) {
        let path = Path::new("/proc/sys").join(name);
        let differs = fs::read_to_string(&path).is_ok_and(|current| current.trim() != value);
        if differs && let Err(error) = fs::write(&path, value) {
            console::note(format!(
                "cannot put {} back to {value}: {error}",
                path.display()
            ));
        }
    }
    // A deeper cgroup or file sorts behind the one around it.
    for name in added(before, after, "cgroup").iter().rev() {
        if name.split('/').any(|part| part == "docker") {
            drop(fs::remove_dir(name));
        }
    }
    for name in added(before, after, "file").iter().rev() {
        if name.starts_with("/run/docker") || name.starts_with("/run/containerd") {
            let path = Path::new(name);
            drop(fs::remove_dir_all(path).or_else(|_| fs::remove_file(path)));
        }
    }
}

/// Whether Docker names its bridges so: the default one, or a network's by twelve digits of its id.
fn is_bridge(link: &str) -> bool {
    let is_id = |id: &str| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    link == "docker0" || link.strip_prefix("br-").is_some_and(is_id)
}

fn added<'a>(before: &Snapshot, after: &'a Snapshot, kind: &str) -> BTreeSet<&'a str> {
    let known: BTreeSet<&str> = before.facts(kind).map(|(name, _)| name).collect();
    after
        .facts(kind)
        .map(|(name, _)| name)
        .filter(|name| !known.contains(name))
        .collect()
}

/// The family and name of a table, where the fact is a table and not something in it.
fn table(fact: &str) -> Option<[&str; 2]> {
    let words: Vec<&str> = fact.split(' ').collect();
    match words[..] {
        ["table", family, name] => Some([family, name]),
        _ => None,
    }
}

fn attempt(run: Run) {
    if let Err(error) = run.capture() {
        console::note(format!("cannot take back what Docker left: {error:#}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bridges_are_told_by_name() {
        assert!(is_bridge("docker0") && is_bridge("br-1b890d63ad2d"));
        for other in ["eth0", "br-lan", "br-1b890d63ad2", "docker1"] {
            assert!(!is_bridge(other), "{other}");
        }
    }

    #[test]
    fn only_tables_are_tables() {
        assert_eq!(table("table ip nat"), Some(["ip", "nat"]));
        assert_eq!(table("table ip nat / chain DOCKER"), None);
    }
}
