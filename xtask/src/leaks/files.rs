//! Files outside the data directory.

use std::fs;
use std::path::Path;

use super::Facts;

/// Where programs of this kind leave things, and how deep to look.
const PLACES: &[(&str, usize)] = &[
    ("/etc", 3),
    ("/run", 2),
    ("/var/lib", 2),
    ("/var/cache", 1),
    ("/usr/local", 2),
    ("/opt", 1),
    ("/srv", 1),
    ("/dev/shm", 1),
    ("/dev/mqueue", 1),
    ("/", 1),
];

/// What the system itself writes at any time.
const NOISE: &[&str] = &[
    // Made by the Docker daemon with its first container, and kept.
    "/run/docker/netns",
    "/run/docker/runtime-runc",
    "/run/systemd",
    "/run/udev",
    "/run/user",
    "/run/log",
    "/run/lock",
    "/run/utmp",
    "/run/motd.dynamic",
    "/var/lib/systemd",
    "/var/lib/apt",
    "/var/lib/dpkg",
    "/var/lib/snapd",
    "/var/lib/NetworkManager",
    "/etc/mtab",
];

/// The files there are, with the sizes of the settings in `/etc`.
pub(super) fn outside() -> Facts {
    let mut facts = Facts::new();
    for (place, depth) in PLACES {
        list(Path::new(place), *depth, &mut facts);
    }
    // Of the temporary files of all programs, those with our name.
    let mut temporary = Facts::new();
    list(Path::new("/tmp"), 1, &mut temporary);
    list(Path::new("/var/tmp"), 1, &mut temporary);
    facts.extend(
        temporary
            .into_iter()
            .filter(|(path, _)| path.contains("/ctnr")),
    );
    facts
}

fn list(folder: &Path, depth: usize, facts: &mut Facts) {
    // What this user may not read is not theirs to change either.
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let shown = path.to_string_lossy().into_owned();
        if NOISE.contains(&shown.as_str()) {
            continue;
        }
        let Ok(metadata) = fs::symlink_metadata(&path) else {
            continue;
        };
        let is_setting = metadata.is_file() && shown.starts_with("/etc/");
        let value = if is_setting {
            format!("{} bytes", metadata.len())
        } else {
            String::new()
        };
        facts.insert(shown, value);
        if metadata.is_dir() && depth > 1 {
            list(&path, depth - 1, facts);
        }
    }
}

/// What is left in the folder for temporary files.
pub(super) fn scratch(folder: &Path) -> Facts {
    let Ok(entries) = fs::read_dir(folder) else {
        return Facts::new();
    };
    entries
        .flatten()
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                String::new(),
            )
        })
        .collect()
}
