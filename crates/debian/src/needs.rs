//! What a machine needs to make a Debian.

use std::path::Path;

/// The key that signs Debian's archives, which other distributions carry as a package.
pub(crate) const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A package with what shows that it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Its name for apt.
    pub package: &'static str,
    /// A program on `PATH`, or an absolute path.
    pub program: &'static str,
}

impl Need {
    /// Whether it is there.
    pub fn is_met(&self) -> bool {
        if self.program.starts_with('/') {
            return Path::new(self.program).exists();
        }
        on_path(self.program)
    }
}

const ALWAYS: [Need; 2] = [
    Need {
        package: "mmdebstrap",
        program: "mmdebstrap",
    },
    Need {
        package: "debian-archive-keyring",
        program: KEYRING,
    },
];

/// What mmdebstrap uses to give an ordinary user the ids of a whole system.
const UIDMAP: Need = Need {
    package: "uidmap",
    program: "newuidmap",
};

/// What this machine lacks for making a Debian.
pub fn missing() -> Vec<Need> {
    let is_root = rustix::process::geteuid().is_root();
    let needs = ALWAYS.into_iter().chain((!is_root).then_some(UIDMAP));
    needs.filter(|need| !need.is_met()).collect()
}

pub(crate) fn on_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_paths_are_looked_for() {
        let need = |program| Need {
            package: "any",
            program,
        };
        assert!(need("sh").is_met());
        assert!(need("/etc/passwd").is_met());
        assert!(!need("no-such-program").is_met());
        assert!(!need("/no/such/file").is_met());
    }
}
