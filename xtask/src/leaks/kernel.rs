//! Mounts, cgroups and the kernel's settings.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Facts;

/// The mounts of this process' namespace, by mount point and how often it is mounted over.
pub(super) fn mounts() -> Result<Facts> {
    let table = fs::read_to_string("/proc/self/mountinfo").context("cannot list the mounts")?;
    let mut facts = Facts::new();
    for line in table.lines() {
        // proc_pid_mountinfo(5): the type and source stand behind a lone hyphen.
        let Some((place, kind)) = line.split_once(" - ") else {
            continue;
        };
        let Some(point) = place.split(' ').nth(4) else {
            continue;
        };
        let mut name = point.to_owned();
        while facts.contains_key(&name) {
            name.push_str(" (over)");
        }
        let kind: Vec<&str> = kind.split(' ').take(2).collect();
        facts.insert(name, kind.join(" "));
    }
    Ok(facts)
}

/// The cgroups of all hierarchies, without those that systemd makes for sessions and services.
pub(super) fn cgroups() -> Facts {
    let mut facts = Facts::new();
    folders(Path::new("/sys/fs/cgroup"), &mut facts);
    facts
}

fn folders(folder: &Path, facts: &mut Facts) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let path = entry.path();
        let shown = path.to_string_lossy().into_owned();
        if shown.ends_with(".scope") || shown.ends_with(".service") {
            continue;
        }
        // Docker's daemon makes this one with its first container, and keeps it; what is in it counts.
        if !shown.ends_with("/docker") {
            facts.insert(shown, String::new());
        }
        folders(&path, facts);
    }
}

/// The settings of the network stack. Those of a link come and go with it.
pub(super) fn sysctls() -> Facts {
    let mut facts = Facts::new();
    for place in ["/proc/sys/net", "/proc/sys/user", "/proc/sys/vm"] {
        settings(Path::new(place), &mut facts);
    }
    facts
}

/// Counters and random numbers among the settings.
const VOLATILE: &[&str] = &[
    "nf_conntrack_count",
    "tcp_fastopen_key",
    "stable_secret",
    "stat_refresh",
    "flush",
    "rt_cache_flush",
];

fn settings(folder: &Path, facts: &mut Facts) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            settings(&path, facts);
            continue;
        }
        if VOLATILE.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        // Some settings can be written only.
        if let Ok(value) = fs::read_to_string(&path) {
            let name = path.to_string_lossy().replace("/proc/sys/", "");
            facts.insert(name, value.trim().to_owned());
        }
    }
}
