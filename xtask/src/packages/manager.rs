//! The package managers of the distributions, and their commands.

use std::fs;

use anyhow::{Result, bail};

use super::{Package, names};
use crate::process;

/// A distribution's package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manager {
    Apt,
    Dnf,
    Pacman,
    Zypper,
    Apk,
}

impl Manager {
    /// The one of this machine. apt comes first, since some distributions carry a second manager
    /// as an ordinary package.
    pub(crate) fn detect() -> Option<Self> {
        [
            ("apt-get", Self::Apt),
            ("dnf", Self::Dnf),
            ("pacman", Self::Pacman),
            ("zypper", Self::Zypper),
            ("apk", Self::Apk),
        ]
        .into_iter()
        .find_map(|(program, manager)| process::exists(program).then_some(manager))
    }

    /// What this distribution calls a package.
    ///
    /// # Errors
    /// Where no name is known, the error says which program to look for.
    pub(crate) fn name_of(self, package: Package) -> Result<&'static str> {
        if self == Self::Apt {
            return Ok(package.name);
        }
        let Some(row) = names::of(package.name) else {
            bail!(
                "no package name is known here for {}: install the one that has {} and run this again",
                package.name,
                package.program
            );
        };
        Ok(match self {
            Self::Apt => package.name,
            Self::Dnf => row.dnf,
            Self::Pacman => row.pacman,
            Self::Zypper => row.zypper,
            Self::Apk => row.apk,
        })
    }

    /// The command that installs `names` without asking anything.
    pub(crate) fn install(self, names: &[&str]) -> Vec<String> {
        let command: &[&str] = match self {
            Self::Apt => &[
                "apt-get",
                "-o",
                "DPkg::Lock::Timeout=300",
                "install",
                "--yes",
                "--no-install-recommends",
            ],
            Self::Dnf => &["dnf", "install", "--assumeyes"],
            Self::Pacman => &["pacman", "-S", "--needed", "--noconfirm"],
            Self::Zypper => &["zypper", "--non-interactive", "install", "--no-recommends"],
            Self::Apk => &["apk", "add"],
        };
        words(command, names)
    }

    /// The command that reads the lists of packages anew.
    pub(crate) fn refresh(self) -> Vec<String> {
        let command: &[&str] = match self {
            Self::Apt => &["apt-get", "-o", "DPkg::Lock::Timeout=300", "update"],
            Self::Dnf => &["dnf", "makecache"],
            Self::Pacman => &["pacman", "-Sy"],
            Self::Zypper => &["zypper", "--non-interactive", "refresh"],
            Self::Apk => &["apk", "update"],
        };
        words(command, &[])
    }

    /// Whether the machine has no lists of packages, as a fresh container image has none.
    pub(crate) fn wants_lists(self) -> bool {
        self == Self::Apt
            && fs::read_dir("/var/lib/apt/lists").map_or(true, |entries| {
                !entries
                    .flatten()
                    .any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
            })
    }

    /// The lines that a person runs to install `names`.
    pub(crate) fn lines(self, names: &[&str], by_sudo: bool) -> Vec<String> {
        let sudo = if by_sudo { "sudo " } else { "" };
        let mut lines = Vec::new();
        if self.wants_lists() {
            lines.push(format!("    {sudo}{}", self.refresh().join(" ")));
        }
        lines.push(format!("    {sudo}{}", self.install(names).join(" ")));
        lines
    }
}

fn words(command: &[&str], names: &[&str]) -> Vec<String> {
    command
        .iter()
        .chain(names)
        .map(|&word| word.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_ask_nothing() {
        let managers = [
            (Manager::Apt, "--yes"),
            (Manager::Dnf, "--assumeyes"),
            (Manager::Pacman, "--noconfirm"),
            (Manager::Zypper, "--non-interactive"),
        ];
        for (manager, flag) in managers {
            let line = manager.install(&["nftables"]).join(" ");
            assert!(line.contains(flag) && line.ends_with(" nftables"), "{line}");
        }
    }

    #[test]
    fn other_distributions_have_their_own_names() {
        let package = Package {
            name: "docker.io",
            program: "dockerd",
        };
        assert_eq!(Manager::Apt.name_of(package).expect("known"), "docker.io");
        assert_eq!(Manager::Apk.name_of(package).expect("known"), "docker");
        let unknown = Package {
            name: "no-such",
            program: "thing",
        };
        let error = Manager::Dnf.name_of(unknown).expect_err("not known");
        assert!(error.to_string().contains("thing"), "{error}");
    }
}
