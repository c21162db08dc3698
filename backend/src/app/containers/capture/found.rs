//! Looking for what an installer has put into a container: shortcuts, and folders of programs.

use std::collections::BTreeSet;

use ctnr_capture::Shortcut;
use ctnr_engine::{EngineError, FileInfo, FileKind, SandboxFiles};
use ctnr_model::ContainerPath;
use ctnr_wine::layout;

use super::hives::{self, Hives};
use crate::app::Result;

/// Where shortcuts are, below the drive.
const MENUS: [&str; 4] = [
    "ProgramData/Microsoft/Windows/Start Menu",
    "users/user/AppData/Roaming/Microsoft/Windows/Start Menu",
    "users/Public/Desktop",
    "users/user/Desktop",
];

/// Where programs are, below the drive.
const PROGRAMS: [&str; 3] = [
    "Program Files",
    "Program Files (x86)",
    "users/user/AppData/Local/Programs",
];

/// How deep and in how many folders shortcuts are looked for, how many are read, and how long one
/// may be.
const MAX_DEPTH: usize = 8;
const MAX_FOLDERS: usize = 2_000;
const MAX_SHORTCUTS: usize = 1_000;
const MAX_SHORTCUT: usize = 64 << 10;

/// What of a container is compared.
pub(super) struct Seen {
    pub(super) hives: Hives,
    /// Shortcuts and folders of programs, by their paths on the Linux side.
    pub(super) shortcuts: BTreeSet<ContainerPath>,
    pub(super) folders: BTreeSet<ContainerPath>,
}

/// Looks at a container.
pub(super) async fn look(files: &dyn SandboxFiles) -> Result<Seen> {
    let mut shortcuts = BTreeSet::new();
    let mut to_read: Vec<(ContainerPath, usize)> = Vec::new();
    for menu in MENUS {
        to_read.push((below_drive(menu)?, 0));
    }
    let mut looked_at = 0;
    while let Some((folder, depth)) = to_read.pop() {
        looked_at += 1;
        if looked_at > MAX_FOLDERS || shortcuts.len() >= MAX_SHORTCUTS {
            break;
        }
        for entry in list(files, &folder).await? {
            let Ok(path) = folder.join(&entry.name) else {
                continue;
            };
            match entry.kind {
                FileKind::Directory if depth < MAX_DEPTH && to_read.len() < MAX_FOLDERS => {
                    to_read.push((path, depth + 1));
                }
                FileKind::File if ends_with(&entry.name, ".lnk") => {
                    shortcuts.insert(path);
                }
                _ => {}
            }
        }
    }
    let mut folders = BTreeSet::new();
    for place in PROGRAMS {
        let folder = below_drive(place)?;
        for entry in list(files, &folder).await? {
            if entry.kind == FileKind::Directory
                && let Ok(path) = folder.join(&entry.name)
            {
                folders.insert(path);
            }
        }
    }
    Ok(Seen {
        hives: hives::read(files).await?,
        shortcuts,
        folders,
    })
}

/// Reads the shortcuts that were not there before, with their names.
pub(super) async fn new_shortcuts(
    files: &dyn SandboxFiles,
    before: &Seen,
    after: &Seen,
) -> Result<Vec<(String, Shortcut)>> {
    let mut found = Vec::new();
    for path in after.shortcuts.difference(&before.shortcuts) {
        let bytes = hives::bytes(files, path, MAX_SHORTCUT).await?;
        let Some(shortcut) = bytes.and_then(|bytes| Shortcut::read(&bytes)) else {
            continue;
        };
        let file = path.as_str().rsplit('/').next().unwrap_or_default();
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        found.push((stem.to_owned(), shortcut));
    }
    Ok(found)
}

/// The programs at the top of the folders that were not there before, as Windows writes them.
pub(super) async fn new_programs(
    files: &dyn SandboxFiles,
    before: &Seen,
    after: &Seen,
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for folder in after.folders.difference(&before.folders) {
        for entry in list(files, folder).await? {
            if entry.kind == FileKind::File && ends_with(&entry.name, ".exe") {
                let path = format!("{folder}/{}", entry.name);
                if let Some(rest) = path.strip_prefix(layout::DRIVE_C) {
                    found.push(format!("C:{}", rest.replace('/', "\\")));
                }
            }
        }
    }
    Ok(found)
}

/// What is in a folder; nothing, where it is not there.
async fn list(files: &dyn SandboxFiles, folder: &ContainerPath) -> Result<Vec<FileInfo>> {
    match files.list(folder).await {
        Ok(entries) => Ok(entries),
        Err(EngineError::FileNotFound { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn below_drive(place: &str) -> Result<ContainerPath> {
    Ok(ContainerPath::parse(&format!(
        "{}/{place}",
        layout::DRIVE_C
    ))?)
}

fn ends_with(name: &str, end: &str) -> bool {
    name.to_lowercase().ends_with(end)
}
