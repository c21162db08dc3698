//! What a test run leaves on the host: nothing.
//!
//! A snapshot is taken before and after. Both are lists of facts by kind, and any difference is a
//! leak, also what is missing afterwards.

mod files;
mod kernel;
mod network;
mod processes;

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long the host may take to settle: links go in batches, namespaces with their last process.
const SETTLING: Duration = Duration::from_secs(20);

/// Facts of one kind: what it is, and its value where it has one.
type Facts = BTreeMap<String, String>;

/// Kinds whose value only tells the reader more, and may differ.
const UNCOMPARED: &[&str] = &["namespace"];

/// Kinds that come and go with something else: links and kernel modules bring their settings.
const VALUES_ONLY: &[&str] = &["sysctl"];

/// The host at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    kinds: BTreeMap<&'static str, Facts>,
}

/// What tells the processes of a run from others: a variable in their environment.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// `NAME=value`, as it stands in `/proc/PID/environ`.
    assignment: String,
}

impl Mark {
    /// The variable's name.
    pub(crate) const NAME: &str = "CTNR_TEST_RUN";

    /// A mark that no other run has.
    pub(crate) fn new() -> Self {
        let started = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        Self {
            assignment: format!("{}={}-{started}", Self::NAME, std::process::id()),
        }
    }

    /// The variable's value.
    pub(crate) fn value(&self) -> &str {
        &self.assignment[Self::NAME.len() + 1..]
    }
}

impl Snapshot {
    /// Looks at the host. `scratch` is the folder for the run's temporary files.
    pub(crate) fn take(mark: &Mark, scratch: &Path) -> Result<Self> {
        let kinds = [
            ("mount", kernel::mounts()?),
            ("cgroup", kernel::cgroups()),
            ("sysctl", kernel::sysctls()),
            ("namespace", processes::namespaces()),
            ("process", processes::marked(mark)),
            ("listener", network::listeners()),
            ("link", network::links()),
            ("address", network::shown(&["-oneline", "address", "show"])),
            (
                "route",
                network::shown(&["-oneline", "route", "show", "table", "all"]),
            ),
            ("rule", network::shown(&["-oneline", "rule", "show"])),
            ("firewall", network::firewall()),
            ("file", files::outside()),
            ("temporary file", files::scratch(scratch)),
        ];
        Ok(Self {
            kinds: kinds.into_iter().collect(),
        })
    }

    /// The values of one kind.
    pub(crate) fn facts(&self, kind: &str) -> impl Iterator<Item = (&str, &str)> {
        self.kinds
            .get(kind)
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What is different in `later`, a line each.
    pub(crate) fn changes(&self, later: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        for (kind, before) in &self.kinds {
            let Some(after) = later.kinds.get(kind) else {
                continue;
            };
            for (name, value) in after {
                match before.get(name) {
                    None if VALUES_ONLY.contains(kind) => {}
                    None => changes.push(line('+', kind, name, value)),
                    Some(old) if old != value && !UNCOMPARED.contains(kind) => {
                        changes.push(format!("~ {kind} {name}: {old} -> {value}"));
                    }
                    Some(_) => {}
                }
            }
            for (name, value) in before {
                if !after.contains_key(name) && !VALUES_ONLY.contains(kind) {
                    changes.push(line('-', kind, name, value));
                }
            }
        }
        changes
    }

    /// Waits until the host is as it was.
    ///
    /// # Errors
    /// When it does not get there; the error lists what was added (+), changed (~) or lost (-).
    pub(crate) fn expect_restored(&self, mark: &Mark, scratch: &Path) -> Result<()> {
        let started = Instant::now();
        loop {
            let changes = self.changes(&Self::take(mark, scratch)?);
            if changes.is_empty() {
                return Ok(());
            }
            if started.elapsed() > SETTLING {
                bail!("the host is not as it was before:\n{}", changes.join("\n"));
            }
            thread::sleep(Duration::from_millis(250));
        }
    }
}

fn line(sign: char, kind: &str, name: &str, value: &str) -> String {
    if value.is_empty() {
        format!("{sign} {kind} {name}")
    } else {
        format!("{sign} {kind} {name}: {value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(kind: &'static str, facts: &[(&str, &str)]) -> Snapshot {
        let facts: Facts = facts
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Snapshot {
            kinds: BTreeMap::from([(kind, facts)]),
        }
    }

    #[test]
    fn every_kind_of_change_is_seen() {
        let before = snapshot(
            "mount",
            &[("/a", "ext4"), ("/gone", "tmpfs"), ("/", "ext4")],
        );
        let after = snapshot("mount", &[("/a", "overlay"), ("/added", ""), ("/", "ext4")]);
        assert_eq!(
            before.changes(&after),
            [
                "~ mount /a: ext4 -> overlay",
                "+ mount /added",
                "- mount /gone: tmpfs"
            ]
        );
        assert!(before.changes(&before).is_empty());
    }

    #[test]
    fn settings_of_a_new_link_are_the_links() {
        let before = snapshot("sysctl", &[("forward", "0"), ("conf/gone", "1")]);
        let after = snapshot("sysctl", &[("forward", "1"), ("conf/new", "1")]);
        assert_eq!(before.changes(&after), ["~ sysctl forward: 0 -> 1"]);
    }

    #[test]
    fn a_leaked_file_and_a_leaked_process_are_found() {
        let scratch = tempfile::tempdir().expect("a folder");
        let mark = Mark::new();
        let before = Snapshot::take(&mark, scratch.path()).expect("readable");
        std::fs::write(scratch.path().join("left"), "x").expect("a file");
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .env(Mark::NAME, mark.value())
            .spawn()
            .expect("a process");
        let after = Snapshot::take(&mark, scratch.path()).expect("readable");
        child.kill().expect("it runs");
        child.wait().expect("it ends");
        let changes = before.changes(&after).join("\n");
        assert!(changes.contains("+ temporary file left"), "{changes}");
        assert!(changes.contains("sleep 60"), "{changes}");
    }
}
