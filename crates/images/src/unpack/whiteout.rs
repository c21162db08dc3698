//! Whiteouts, as overlayfs marks them (kernel documentation, "Overlay Filesystem", "whiteouts and
//! opaque directories").

use std::io;

use rustix::fs::{self, FileType, Mode};

use super::tree::{Tree, is_directory, open_directory, stat};

/// Marks a file of lower layers as gone. By the specification a whiteout never hides what its own
/// layer has, whichever comes first: a directory of this layer hides the lower one as a whole, and
/// a file does so anyway.
pub(super) fn hide(tree: &mut Tree, parents: &[&[u8]], name: &[u8]) -> io::Result<()> {
    let parent = tree.directory(parents)?;
    match stat(&parent, name)? {
        None => {
            fs::mknodat(&*parent, name, FileType::CharacterDevice, Mode::empty(), 0)?;
            Ok(())
        }
        Some(found) if is_directory(&found) => tree.mark_opaque(&open_directory(&parent, name)?),
        Some(_) => Ok(()),
    }
}

/// Marks a directory as hiding what lower layers have in it.
pub(super) fn hide_below(tree: &mut Tree, parents: &[&[u8]]) -> io::Result<()> {
    let Some((name, above)) = parents.split_last() else {
        tree.root_opaque = true;
        return Ok(());
    };
    // Made first, where no entry described it; then opened itself, and not through a link.
    tree.directory(parents)?;
    let parent = tree.directory(above)?;
    match open_directory(&parent, name) {
        Ok(directory) => tree.mark_opaque(&directory),
        // A link of this layer: what it leads to is not this directory of the lower layers.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(()),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            Ok(())
        }
        Err(error) => Err(error),
    }
}
