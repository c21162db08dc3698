//! What a small Debian is made of.

use crate::DebianError;
use crate::mirrors::{Mirrors, network_options};
use crate::needs::KEYRING;

/// Where apt finds [`WITHOUT_USRMERGE`] while the system is made. See apt_preferences(5).
const PREFERENCES: &str = "/etc/apt/preferences.d/without-usrmerge";
const WITHOUT_USRMERGE: &str = r"Package: usrmerge\nPin: version *\nPin-Priority: -1\n";

/// A release of Debian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
}

impl Suite {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        }
    }
}

/// A minimal system and the packages in it.
#[derive(Debug, Clone)]
pub struct System {
    /// The release.
    pub suite: Suite,
    /// Debian's names of the architectures, the system's own first; none for this machine's.
    pub architectures: &'static [&'static str],
    /// Packages besides the minimal ones.
    pub include: &'static [&'static str],
    /// Whether updates since the release are taken. Their lists for a second architecture lag behind at
    /// times, and packages of two versions can't be installed together.
    pub updates: bool,
    /// Files that are not unpacked, as patterns for dpkg. Documentation is never.
    pub exclude: &'static [&'static str],
    /// What is run when all packages are installed, as customize hooks of mmdebstrap.
    pub hooks: Vec<String>,
}

impl System {
    /// The arguments for mmdebstrap that write the system as a tar to the file `target`, `-` for
    /// standard output. Set `SOURCE_DATE_EPOCH` beside them.
    ///
    /// # Errors
    /// [`DebianError`] where this machine's apt does not say what its mirrors are.
    pub fn arguments(&self, target: &str) -> Result<Vec<String>, DebianError> {
        let mut arguments = self.options();
        arguments.extend(
            network_options()?
                .iter()
                .map(|line| format!("--aptopt={line}")),
        );
        arguments.extend([self.suite.as_str().to_owned(), target.to_owned()]);
        arguments.extend(self.sources(&Mirrors::of_this_machine()?));
        Ok(arguments)
    }

    fn options(&self) -> Vec<String> {
        let mut options: Vec<String> = ["--variant=minbase", "--format=tar"]
            .map(String::from)
            .into();
        if !self.architectures.is_empty() {
            options.push(format!("--architectures={}", self.architectures.join(",")));
        }
        options.push(format!("--include={}", self.include.join(",")));
        // Documentation goes, licences stay.
        options.push("--dpkgopt=path-exclude=/usr/share/doc/*".to_owned());
        options.push("--dpkgopt=path-include=/usr/share/doc/*/copyright".to_owned());
        let folders = ["locale", "man", "info"].map(|name| format!("/usr/share/{name}/*"));
        let exclude = self.exclude.iter().map(|pattern| (*pattern).to_owned());
        options.extend(
            folders
                .into_iter()
                .chain(exclude)
                .map(|pattern| format!("--dpkgopt=path-exclude={pattern}")),
        );
        // An engine makes the devices, and a user without root could not unpack them.
        options.push("--skip=output/dev".to_owned());
        // `usrmerge` turns an old system's folders into links with 50 MB of Perl; here the links
        // are made first, and `usr-is-merged` is enough.
        options.push("--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr".to_owned());
        options.push(format!(
            "--setup-hook=printf '{WITHOUT_USRMERGE}' > \"$1{PREFERENCES}\""
        ));
        if !self.updates {
            // mmdebstrap's own sources have them.
            options.push(format!(
                "--setup-hook=sed -i '/ {suite}-/d' \"$1/etc/apt/sources.list\"",
                suite = self.suite.as_str()
            ));
        }
        let own = [
            format!("rm \"$1{PREFERENCES}\""),
            // These are copies of this machine's own, proxy and name servers included.
            "rm -f \"$1/etc/apt/apt.conf.d/99mmdebstrap\"".to_owned(),
            ": > \"$1/etc/hostname\"".to_owned(),
            ": > \"$1/etc/resolv.conf\"".to_owned(),
        ];
        options.extend(
            own.iter()
                .chain(&self.hooks)
                .map(|hook| format!("--customize-hook={hook}")),
        );
        options
    }

    /// The lines for apt; without any, mmdebstrap uses Debian's own mirrors.
    fn sources(&self, mirrors: &Mirrors) -> Vec<String> {
        let Some(main) = &mirrors.main else {
            return Vec::new();
        };
        let suite = self.suite.as_str();
        let line = |uri: &str, suite: &str| format!("deb [signed-by={KEYRING}] {uri} {suite} main");
        let security = mirrors.security.as_ref().filter(|_| self.updates);
        std::iter::once(line(main, suite))
            .chain(security.map(|uri| line(uri, &format!("{suite}-security"))))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(updates: bool) -> System {
        System {
            suite: Suite::Trixie,
            architectures: &["amd64", "i386"],
            include: &["one", "two"],
            updates,
            exclude: &["/usr/lib/large/*"],
            hooks: vec!["true".to_owned()],
        }
    }

    #[test]
    fn sources_follow_the_mirrors() {
        let mirrors = Mirrors {
            main: Some("http://mirror.invalid/debian/".to_owned()),
            security: Some("http://mirror.invalid/security/".to_owned()),
        };
        let lines = system(true).sources(&mirrors);
        assert_eq!(lines.len(), 2);
        assert!(
            lines[0].ends_with("] http://mirror.invalid/debian/ trixie main"),
            "{lines:?}"
        );
        assert!(
            lines[1].ends_with("/security/ trixie-security main"),
            "{lines:?}"
        );
        assert_eq!(system(false).sources(&mirrors), lines[..1]);
        assert!(system(true).sources(&Mirrors::default()).is_empty());
    }

    #[test]
    fn own_hooks_come_last() {
        let options = system(true).options();
        assert!(options.contains(&"--architectures=amd64,i386".to_owned()));
        assert!(options.contains(&"--dpkgopt=path-exclude=/usr/lib/large/*".to_owned()));
        let dropped = |options: &[String]| options.iter().any(|option| option.contains("trixie-"));
        assert!(!dropped(&options));
        assert!(dropped(&system(false).options()));
        assert_eq!(
            options.last().map(String::as_str),
            Some("--customize-hook=true")
        );
    }
}
