//! Drives of a container on Linux, and places on them.

use std::collections::BTreeSet;

use ctnr_model::container::{Bitness, Win32Path};
use ctnr_model::{ContainerPath, Invalid};

use crate::folders::Folders;
use crate::plan::LinuxDrive;

/// The folder that a drive is.
pub(crate) fn root(prefix: &ContainerPath, letter: char) -> Result<ContainerPath, Invalid> {
    prefix.join(&format!("drive_{}", letter.to_ascii_lowercase()))
}

/// Where a path is in the sandbox, with known folders spelled as Wine spells them. A program of
/// 32 bits finds its `system32` in `syswow64`.
pub(crate) fn place(
    prefix: &ContainerPath,
    folders: &Folders<'_>,
    bitness: Bitness,
    path: &Win32Path,
) -> Result<ContainerPath, Invalid> {
    let path = folders.spelled(path)?;
    let mut names: Vec<&str> = path.names().collect();
    if bitness == Bitness::X86 && path.drive() == 'C' && names.starts_with(&["windows", "system32"])
    {
        names[1] = "syswow64";
    }
    let root = root(prefix, path.drive())?;
    if names.is_empty() {
        Ok(root)
    } else {
        root.join(&names.join("/"))
    }
}

/// `C:`, and the drives of these paths.
pub(crate) fn drives<'a>(
    prefix: &ContainerPath,
    paths: impl Iterator<Item = &'a Win32Path>,
) -> Result<Vec<LinuxDrive>, Invalid> {
    let letters: BTreeSet<char> = paths.map(Win32Path::drive).chain(['C']).collect();
    letters
        .into_iter()
        .map(|letter| {
            Ok(LinuxDrive {
                letter,
                place: root(prefix, letter)?,
            })
        })
        .collect()
}
