//! What the image is made of.

use std::fmt::Write as _;

use ctnr_debian::{Suite, System};
use ctnr_model::{Architecture, ImageConfig};
use sha2::{Digest, Sha256};

use crate::layout::{
    ENVIRONMENT, HOME, HOSTNAME, PREFIX, PROFILE, RECIPE_LABEL, RUNTIME_LABEL, START, UID, USER,
    VERSION,
};

/// Raised when the code of this crate makes another image of the same recipe.
const REVISION: u32 = 1;

/// When the image was made, and its files changed last: 2026-01-01, so that what does not depend on
/// the day does not change by it.
pub const CREATED_SECONDS: i64 = 1_767_225_600;

/// A file of the runtime that is ctnr's own.
pub(crate) struct OwnFile {
    pub(crate) path: &'static str,
    pub(crate) mode: u32,
    pub(crate) content: &'static str,
}

/// Scripts that are run inside the fresh system, with their names.
pub(crate) const SCRIPTS: [(&str, &str); 3] = [
    ("trim", include_str!("../../../images/wine/build/trim")),
    ("prefix", include_str!("../../../images/wine/build/prefix")),
    (
        "template.reg",
        include_str!("../../../images/wine/build/template.reg"),
    ),
];

/// Where the scripts are while the system is made.
pub(crate) const SCRIPTS_INSIDE: &str = "/tmp";

pub(crate) const FOLDERS: [&str; 4] = ["dev", "usr/lib/ctnr", "proc", "sys"];

pub(crate) const FILES: [OwnFile; 2] = [
    OwnFile {
        path: "usr/lib/ctnr/win32-start",
        mode: 0o755,
        content: include_str!("../../../images/wine/root/usr/lib/ctnr/win32-start"),
    },
    OwnFile {
        path: "usr/lib/ctnr/win32-wait",
        mode: 0o755,
        content: include_str!("../../../images/wine/root/usr/lib/ctnr/win32-wait"),
    },
];

/// Debian's packages. `libgnutls` is TLS for programs of either bitness, the X libraries show
/// their windows, and the display server is there for those who look at them.
const PACKAGES: &[&str] = &[
    "wine",
    "wine64",
    "wine32:i386",
    "fonts-liberation",
    "libgnutls30t64",
    "libgnutls30t64:i386",
    "libxcomposite1",
    "libxcomposite1:i386",
    "libxcursor1",
    "libxcursor1:i386",
    "libxi6",
    "libxi6:i386",
    "libxinerama1",
    "libxinerama1:i386",
    "libxrandr2",
    "libxrandr2:i386",
    "libxrender1",
    "libxrender1:i386",
    "libxxf86vm1",
    "libxxf86vm1:i386",
    "tigervnc-standalone-server",
];

/// The largest files that Wine's packages bring by their dependencies and that `trim` would take
/// out again: writing them to the disk is half a minute.
const EXCLUDED: &[&str] = &[
    "/usr/lib/*/libLLVM*",
    "/usr/lib/*/libgallium*",
    "/usr/lib/*/libz3.so*",
    "/usr/lib/*/libcodec2.so*",
    "/usr/lib/*/libx265.so*",
    "/usr/lib/*/libSvtAv1Enc.so*",
    "/usr/lib/*/libaom.so*",
    "/usr/lib/*/librsvg-2.so*",
    "/usr/lib/*/gconv/*",
    "/usr/share/icons/*",
];

/// The system below, and what is run in it at last.
pub(crate) fn system(scripts: &str) -> System {
    let inside = SCRIPTS_INSIDE;
    // With this time, which is that of the folders in the image, what is found out about fonts
    // holds in a container too.
    let time = CREATED_SECONDS.to_string();
    let variables: Vec<String> = ENVIRONMENT
        .iter()
        .chain(&[("WINE_VERSION", VERSION), ("SOURCE_DATE_EPOCH", &time)])
        .map(|(name, value)| format!("'{name}={value}'"))
        .collect();
    let as_user = format!(
        "setpriv --reuid {UID} --regid {UID} --clear-groups --no-new-privs env -i {}",
        variables.join(" ")
    );
    let copies = SCRIPTS
        .map(|(name, _)| format!("{scripts}/{name}"))
        .join(" ");
    System {
        suite: Suite::Trixie,
        architectures: &["amd64", "i386"],
        include: PACKAGES,
        updates: false,
        exclude: EXCLUDED,
        hooks: vec![
            format!("copy-in {copies} {inside}"),
            format!(
                "chroot \"$1\" env -u TMPDIR sh {inside}/trim {USER} {UID} {HOME} {PREFIX} {HOSTNAME}"
            ),
            format!("chroot \"$1\" {as_user} sh {inside}/prefix"),
            format!("rm -rf \"$1{inside}\"/* \"$1{inside}\"/.[!.]*"),
        ],
    }
}

/// How the image runs. It has the digest of its recipe as a label.
pub fn config() -> ImageConfig {
    let labels = [
        (RECIPE_LABEL, digest()),
        (RUNTIME_LABEL, VERSION.to_owned()),
    ];
    ImageConfig {
        cmd: vec![START.to_owned()],
        env: ENVIRONMENT
            .map(|(name, value)| format!("{name}={value}"))
            .into(),
        workdir: PROFILE.to_owned(),
        user: format!("{UID}:{UID}"),
        labels: labels.map(|(name, value)| (name.to_owned(), value)).into(),
        ..ImageConfig::default()
    }
}

/// The digest of all that the image depends on: 32 hexadecimal digits.
pub fn digest() -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    add(&REVISION.to_string());
    add(Architecture::HOST.as_str());
    let system = system("");
    add(system.suite.as_str());
    for list in [system.architectures, system.include, system.exclude] {
        add(&list.join(" "));
    }
    system.hooks.iter().for_each(|hook| add(hook));
    for (name, content) in SCRIPTS {
        add(name);
        add(content);
    }
    for file in FILES {
        add(file.path);
        add(&file.mode.to_string());
        add(file.content);
    }
    for text in [START, PROFILE] {
        add(text);
    }
    hash.finalize()
        .iter()
        .take(16)
        .fold(String::new(), |mut text, byte| {
            // Writing to a text does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_says_what_it_was_made_from() {
        let config = config();
        assert_eq!(config.labels[RECIPE_LABEL], digest());
        assert_eq!(config.labels[RUNTIME_LABEL], VERSION);
        assert_eq!(digest().len(), 32);
        assert!(config.env.contains(&"WINEPREFIX=/wine".to_owned()));
    }

    #[test]
    fn what_runs_in_the_system_has_wines_environment_and_no_other() {
        let hooks = system("/scripts").hooks;
        assert_eq!(
            hooks[0],
            "copy-in /scripts/trim /scripts/prefix /scripts/template.reg /tmp"
        );
        assert!(hooks[2].contains("env -i 'PATH="), "{}", hooks[2]);
        assert!(hooks[2].contains("'WINEPREFIX=/wine'"), "{}", hooks[2]);
        // Wine refuses to start where this is set.
        assert!(!hooks[2].contains("TMPDIR"));
    }
}
