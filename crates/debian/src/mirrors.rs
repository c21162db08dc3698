//! Where this machine's apt fetches packages, and how.

use std::process::{Command, Stdio};

use crate::DebianError;
use crate::needs::on_path;

/// Where Debian's packages come from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mirrors {
    pub(crate) main: Option<String>,
    pub(crate) security: Option<String>,
}

impl Mirrors {
    /// The mirrors of this machine's apt, where its lists have been fetched.
    pub(crate) fn of_this_machine() -> Result<Self, DebianError> {
        if !on_path("apt-get") {
            return Ok(Self::default());
        }
        let format = "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)";
        let arguments = ["indextargets", "--format", format, "Created-By: Packages"];
        Ok(Self::read(&output("apt-get", &arguments)?))
    }

    fn read(targets: &str) -> Self {
        let mut mirrors = Self::default();
        for target in targets.lines() {
            let fields: Vec<&str> = target.splitn(4, '|').collect();
            // An address with a password in it must not get into an image.
            match fields[..] {
                [_, _, _, uri] if uri.contains('@') => {}
                ["Debian", "Debian", "main", uri] => mirrors.main = Some(uri.to_owned()),
                ["Debian", "Debian-Security", "main", uri] => {
                    mirrors.security = Some(uri.to_owned());
                }
                _ => {}
            }
        }
        mirrors
    }
}

/// How this machine's apt reaches its mirrors, as lines of its configuration.
pub(crate) fn network_options() -> Result<Vec<String>, DebianError> {
    if !on_path("apt-config") {
        return Ok(Vec::new());
    }
    let dump = output("apt-config", &["dump"])?;
    Ok(concerning_the_network(&dump).map(str::to_owned).collect())
}

fn concerning_the_network(dump: &str) -> impl Iterator<Item = &str> {
    const NAMES: [&str; 4] = [
        "Acquire::http::Proxy ",
        "Acquire::https::Proxy ",
        "Acquire::Check-Valid-Until ",
        "Acquire::Check-Date ",
    ];
    dump.lines()
        .filter(|line| NAMES.iter().any(|name| line.starts_with(name)))
}

fn output(program: &str, arguments: &[&str]) -> Result<String, DebianError> {
    let fail = |reason: String| DebianError::Apt {
        command: format!("{program} {}", arguments.join(" ")),
        reason,
    };
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| fail(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(fail(format!("{}: {}", output.status, said.trim_end())));
    }
    String::from_utf8(output.stdout).map_err(|_| fail("it printed no text".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_are_read_from_apt() {
        let targets = "Google|Google|main|https://packages.invalid/apt\n\
                       Debian|Debian|contrib|http://mirror.invalid/contrib\n\
                       Debian|Debian|main|http://mirror.invalid/debian/\n\
                       Debian|Debian-Security|main|http://mirror.invalid/security/\n";
        let mirrors = Mirrors::read(targets);
        assert_eq!(
            mirrors.main.as_deref(),
            Some("http://mirror.invalid/debian/")
        );
        assert_eq!(
            mirrors.security.as_deref(),
            Some("http://mirror.invalid/security/")
        );
    }

    #[test]
    fn other_distributions_and_secrets_are_passed_over() {
        let ubuntu = Mirrors::read("Ubuntu|Ubuntu|main|http://mirror.invalid/ubuntu/\n");
        assert_eq!(ubuntu, Mirrors::default());
        let secret = Mirrors::read("Debian|Debian|main|https://user:word@mirror.invalid/debian/\n");
        assert_eq!(secret, Mirrors::default());
    }

    #[test]
    fn only_what_concerns_the_network_is_passed_on() {
        let dump = "APT::Architecture \"amd64\";\nAcquire::http::Proxy \"http://proxy.invalid\";\n";
        let kept: Vec<&str> = concerning_the_network(dump).collect();
        assert_eq!(kept, ["Acquire::http::Proxy \"http://proxy.invalid\";"]);
    }
}
