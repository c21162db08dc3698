//! System packages that tasks need, installed by the distribution's own manager.
//!
//! What is missing and what it is for is said first. Installing is asked for on a terminal; see
//! [`consent`] for when it is not. Where this task may not install, its error has the exact lines
//! to run.

pub(crate) mod consent;
mod manager;
mod names;
pub(crate) mod needs;
mod quiet;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::console::{self, Step};
use crate::process::{self, Run};
use consent::Answer;
use manager::Manager;
use needs::Need;

/// A package of the distribution, and how to tell that it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    /// Its name for apt. The names of other distributions stand in `names`.
    pub(crate) name: &'static str,
    /// What shows that it is there: a program on `PATH` (or in an `sbin`), or an absolute path.
    pub(crate) program: &'static str,
}

impl Package {
    fn is_present(&self) -> bool {
        if self.program.starts_with('/') {
            return Path::new(self.program).exists();
        }
        locate(self.program).is_some()
    }
}

/// Where a program is: on `PATH`, or where an ordinary user's `PATH` does not look, Debian's
/// folders of PostgreSQL's servers included.
pub(crate) fn locate(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from));
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders
        .into_iter()
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Installs those of `packages` that are missing; `reason` says what for ("to make busybox:latest").
///
/// # Errors
/// Where installing is not possible or not allowed, the error has the lines to run.
pub(crate) fn ensure(packages: &[Package], reason: &'static str) -> Result<()> {
    let needs: Vec<Need> = packages
        .iter()
        .map(|&package| Need { package, reason })
        .collect();
    ensure_needs(&needs)
}

/// As [`ensure`], for packages with a reason each.
///
/// # Errors
/// As [`ensure`].
pub(crate) fn ensure_needs(needs: &[Need]) -> Result<()> {
    let missing: Vec<&Need> = needs
        .iter()
        .filter(|need| !need.package.is_present())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    console::note("Missing on this machine:");
    for need in &missing {
        console::note(format!("  {:<20} {}", need.package.name, need.reason));
    }
    let Some(manager) = Manager::detect() else {
        let programs: Vec<&str> = missing.iter().map(|need| need.package.program).collect();
        bail!(
            "none of apt-get, dnf, pacman, zypper and apk is here: install {} by hand and run this again",
            programs.join(", ")
        );
    };
    let mut names: Vec<&str> = Vec::new();
    for need in &missing {
        let name = manager.name_of(need.package)?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    install(manager, &names)?;
    for need in missing {
        if !need.package.is_present() {
            bail!(
                "{} was installed, and {} is still not there: look for the package that has it",
                need.package.name,
                need.package.program
            );
        }
    }
    Ok(())
}

fn install(manager: Manager, names: &[&str]) -> Result<()> {
    let root = rustix::process::geteuid().is_root();
    let sudo = process::exists("sudo");
    let lines = manager.lines(names, !root && sudo);
    if !root && !sudo {
        bail!(
            "installing needs root, and there is no sudo here. Run as root:\n{}",
            lines.join("\n")
        );
    }
    match consent::ask(&lines)? {
        Answer::Yes => {}
        Answer::No => bail!(
            "nothing was installed. Run these lines, then this task again:\n{}",
            lines.join("\n")
        ),
        Answer::NobodyThere => bail!(
            "there is no terminal to ask on. Run these lines, or give --yes:\n{}",
            lines.join("\n")
        ),
    }
    let _quiet = quiet::ServicesStayDown::begin(root)?;
    let step = Step::start(format!("Installing {}", names.join(" ")));
    if manager.wants_lists() {
        run(&manager.refresh(), root, &step)?;
    }
    if run(&manager.install(names), root, &step).is_err() {
        // Lists older than the mirror name files that are gone from it.
        run(&manager.refresh(), root, &step)?;
        run(&manager.install(names), root, &step)?;
    }
    step.done();
    Ok(())
}

/// Runs a command of the package manager, as root or through sudo.
fn run(words: &[String], root: bool, step: &Step) -> Result<()> {
    let environment = ["DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"];
    let command = if root {
        Run::new("env")
    } else {
        // sudo asks for a password on the terminal itself, and without one it fails at once.
        Run::new("sudo").arg("env")
    };
    command.args(environment).args(words).within(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_installed() {
        let here = Package {
            name: "no-such-package",
            program: "sh",
        };
        ensure(&[here], "to test").expect("sh is there");
        let path = Package {
            name: "no-such-package",
            program: "/etc/passwd",
        };
        assert!(path.is_present());
    }
}
