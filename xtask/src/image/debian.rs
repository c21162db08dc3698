//! A small Debian as an image's lowest layer, from the mirrors that this machine's apt uses.

use std::path::Path;

use anyhow::Result;

use super::recipe::Layer;
use super::tree::Tree;
use crate::cache::Key;
use crate::console::Step;
use crate::packages::{self, Package};
use crate::process::{self, Run};

const SUITE: &str = "bookworm";

/// The key that signs Debian's archives, which other distributions carry as a package.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Where apt finds [`WITHOUT_USRMERGE`] while the layer is made. See apt_preferences(5).
const PREFERENCES: &str = "/etc/apt/preferences.d/without-usrmerge";
const WITHOUT_USRMERGE: &str = r"Package: usrmerge\nPin: version *\nPin-Priority: -1\n";

const PACKAGES: [Package; 2] = [
    Package {
        name: "mmdebstrap",
        program: "mmdebstrap",
    },
    Package {
        name: "debian-archive-keyring",
        program: KEYRING,
    },
];

/// What mmdebstrap uses to give an ordinary user the ids of a whole system.
const UIDMAP: Package = Package {
    name: "uidmap",
    program: "newuidmap",
};

/// Where Debian's packages come from.
#[derive(Debug, Default, PartialEq, Eq)]
struct Mirrors {
    main: Option<String>,
    security: Option<String>,
}

/// Layers with Debian's minimal system and `include`.
pub(super) fn layers(include: &'static [&'static str]) -> [Layer; 2] {
    let include = include.join(",");
    let key = Key::new("debian", 2)
        .with("suite", SUITE)
        .with("include", &include);
    let system = Layer::new("Debian", key, move |file, step| make(&include, file, step));
    // mmdebstrap leaves out the folder with the devices.
    let mount_point = Layer::new("Mount point", Key::new("mount point", 1), |file, _| {
        let mut tree = Tree::create(file)?;
        tree.folder("dev", 0o755)?;
        tree.finish()
    });
    [system, mount_point]
}

fn make(include: &str, file: &Path, step: &Step) -> Result<()> {
    packages::ensure(&PACKAGES, "makes a small Debian for images")?;
    if !rustix::process::geteuid().is_root() {
        packages::ensure(&[UIDMAP], "lets an ordinary user make a small Debian")?;
    }
    let mut command = Run::new("mmdebstrap")
        .env("SOURCE_DATE_EPOCH", super::CREATED_SECONDS.to_string())
        .args(["--variant=minbase", "--format=tar"])
        .arg(format!("--include={include}"))
        // Documentation goes, licences stay.
        .arg("--dpkgopt=path-exclude=/usr/share/doc/*")
        .arg("--dpkgopt=path-include=/usr/share/doc/*/copyright")
        .args(
            ["locale", "man", "info"]
                .map(|name| format!("--dpkgopt=path-exclude=/usr/share/{name}/*")),
        )
        // An engine makes the devices, and a user without root could not unpack them.
        .arg("--skip=output/dev")
        // `usrmerge` turns an old system's folders into links with 50 MB of Perl; here the links
        // are made first, and `usr-is-merged` is enough.
        .arg("--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr")
        .arg(format!(
            "--setup-hook=printf '{WITHOUT_USRMERGE}' > \"$1{PREFERENCES}\""
        ))
        .arg(format!("--customize-hook=rm \"$1{PREFERENCES}\""))
        // These are copies of this machine's own, proxy and name servers included.
        .arg("--customize-hook=rm -f \"$1/etc/apt/apt.conf.d/99mmdebstrap\"")
        .arg("--customize-hook=: > \"$1/etc/hostname\"")
        .arg("--customize-hook=: > \"$1/etc/resolv.conf\"");
    if process::exists("apt-config") {
        let dump = Run::new("apt-config").arg("dump").capture()?;
        command = command.args(network_options(&dump).map(|line| format!("--aptopt={line}")));
    }
    command
        .arg(SUITE)
        .arg(file)
        .args(sources(&mirrors()?))
        .within(step)
}

/// How this machine's apt reaches its mirrors.
fn network_options(dump: &str) -> impl Iterator<Item = &str> {
    const NAMES: [&str; 4] = [
        "Acquire::http::Proxy ",
        "Acquire::https::Proxy ",
        "Acquire::Check-Valid-Until ",
        "Acquire::Check-Date ",
    ];
    dump.lines()
        .filter(|line| NAMES.iter().any(|name| line.starts_with(name)))
}

/// The mirrors of this machine's apt, where its lists have been fetched.
fn mirrors() -> Result<Mirrors> {
    if !process::exists("apt-get") {
        return Ok(Mirrors::default());
    }
    let format = "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)";
    let command = Run::new("apt-get").args(["indextargets", "--format", format]);
    Ok(read_mirrors(
        &command.arg("Created-By: Packages").capture()?,
    ))
}

fn read_mirrors(targets: &str) -> Mirrors {
    let mut mirrors = Mirrors::default();
    for target in targets.lines() {
        let fields: Vec<&str> = target.splitn(4, '|').collect();
        // An address with a password in it must not get into an image.
        match fields[..] {
            [_, _, _, uri] if uri.contains('@') => {}
            ["Debian", "Debian", "main", uri] => mirrors.main = Some(uri.to_owned()),
            ["Debian", "Debian-Security", "main", uri] => mirrors.security = Some(uri.to_owned()),
            _ => {}
        }
    }
    mirrors
}

/// The lines for apt; without any, mmdebstrap uses Debian's own mirrors.
fn sources(mirrors: &Mirrors) -> Vec<String> {
    let Some(main) = &mirrors.main else {
        return Vec::new();
    };
    let line = |uri: &str, suite: &str| format!("deb [signed-by={KEYRING}] {uri} {suite} main");
    let security = mirrors.security.as_ref();
    std::iter::once(line(main, SUITE))
        .chain(security.map(|uri| line(uri, &format!("{SUITE}-security"))))
        .collect()
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
        let mirrors = read_mirrors(targets);
        let lines = sources(&mirrors);
        assert_eq!(lines.len(), 2);
        assert!(
            lines[0].ends_with("] http://mirror.invalid/debian/ bookworm main"),
            "{lines:?}"
        );
        assert!(
            lines[1].ends_with("/security/ bookworm-security main"),
            "{lines:?}"
        );
    }

    #[test]
    fn without_mirrors_or_with_secrets_in_them_the_default_is_taken() {
        let ubuntu = read_mirrors("Ubuntu|Ubuntu|main|http://mirror.invalid/ubuntu/\n");
        assert!(sources(&ubuntu).is_empty());
        let secret = read_mirrors("Debian|Debian|main|https://user:word@mirror.invalid/debian/\n");
        assert_eq!(secret, Mirrors::default());
    }

    #[test]
    fn only_what_concerns_the_network_is_passed_on() {
        let dump = "APT::Architecture \"amd64\";\nAcquire::http::Proxy \"http://proxy.invalid\";\n";
        let kept: Vec<&str> = network_options(dump).collect();
        assert_eq!(kept, ["Acquire::http::Proxy \"http://proxy.invalid\";"]);
    }
}
