//! Whose files in shared layers are.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use rustix::mount::MountAttrFlags;

use super::mount_point::set_mount_attributes;
use super::overlay::{Mapping, clone};
use crate::failure::Doing;
use crate::process::{IdRun, mapping_namespaces};
use crate::protocol::{Failure, ID_COUNT, IdMap, StackedLayer};

/// What mapping owners takes of the host.
const NEEDS: &str = "which needs Linux 5.19 and a file system that allows it";

/// Opens layers so that their owners are those of one sandbox.
pub(super) struct Owners<'a> {
    ids: IdMap,
    mapping: Mapping<'a>,
    /// Namespaces by the first id on the disk: layers of one sandbox have the same.
    namespaces: Vec<(u32, OwnedFd)>,
}

impl<'a> Owners<'a> {
    /// For a sandbox with these ids.
    pub(super) fn new(ids: IdMap, mapping: Mapping<'a>) -> Self {
        Self {
            ids,
            mapping,
            namespaces: Vec::new(),
        }
    }

    /// Opens an image's layer, whose files have the sandbox's own ids on the disk.
    pub(super) fn open_image_layer(&self, path: &Path) -> Result<OwnedFd, Failure> {
        let doing = || format!("opening image layer {}", path.display());
        let Mapping::IdMapped(namespace) = self.mapping else {
            return Ok(File::open(path).doing(doing())?.into());
        };
        let tree = clone(path).doing(doing())?;
        set_mount_attributes(tree.as_fd(), MountAttrFlags::empty(), Some(namespace))
            .doing(format!("mapping the owners of an image layer, {NEEDS}"))?;
        Ok(tree)
    }

    /// Opens a layer that was prepared for, whose files have other ids of the host on the disk. Without mapped mounts
    /// there is one user alone.
    pub(super) fn open_layer(&self, layer: &StackedLayer) -> Result<OwnedFd, Failure> {
        let doing = format!("opening layer {}", layer.id.short());
        match (self.mapping, layer.ids, self.ids) {
            (Mapping::IdMapped(_), IdMap::Range { first: 0 }, _) => {
                self.open_image_layer(&layer.path)
            }
            (Mapping::IdMapped(_), IdMap::Range { first: disk }, IdMap::Range { first }) => {
                let tree = clone(&layer.path).doing(doing)?;
                if disk != first {
                    let namespace = self.namespace(disk)?;
                    set_mount_attributes(tree.as_fd(), MountAttrFlags::empty(), Some(namespace))
                        .doing(format!("mapping the owners of a layer, {NEEDS}"))?;
                }
                Ok(tree)
            }
            (Mapping::Own, ids, own) if ids == own => {
                Ok(File::open(&layer.path).doing(doing)?.into())
            }
            _ => Err(Failure::Bad(format!(
                "layer {} was made by an engine of another user; run this one as that user",
                layer.id.short()
            ))),
        }
    }

    /// Makes the namespaces that map the ids of layers to the sandbox's, before they are opened.
    pub(super) fn prepare(&mut self, layers: &[StackedLayer]) -> Result<(), Failure> {
        let (Mapping::IdMapped(_), IdMap::Range { first: host }) = (self.mapping, self.ids) else {
            return Ok(());
        };
        let mut wanted: Vec<u32> = layers
            .iter()
            .filter_map(|layer| layer.ids.first())
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted.retain(|disk| *disk != 0 && *disk != host);
        let run = |disk: &u32| IdRun {
            disk: *disk,
            host,
            count: ID_COUNT,
        };
        let maps: Vec<_> = wanted.iter().map(|disk| (run(disk), run(disk))).collect();
        let made = mapping_namespaces(&maps).doing("making the id maps of layers")?;
        self.namespaces = wanted.into_iter().zip(made).collect();
        Ok(())
    }

    /// The namespace that maps the ids of a layer to the sandbox's.
    fn namespace(&self, disk: u32) -> Result<BorrowedFd<'_>, Failure> {
        let known = self.namespaces.iter().find(|(first, _)| *first == disk);
        known
            .map(|(_, namespace)| namespace.as_fd())
            .ok_or_else(|| {
                Failure::Other(
                    "mapping the owners of a layer".into(),
                    "no map was made".into(),
                )
            })
    }
}

/// Gives a new upper directory the mode and owner of the layer's directory that it lies over, since
/// it hides them.
pub(crate) fn imitate(upper: &Path, layer: &StackedLayer, ids: IdMap) -> io::Result<()> {
    let below = fs::symlink_metadata(&layer.path)?;
    fs::set_permissions(upper, fs::Permissions::from_mode(below.mode() & 0o7777))?;
    let (IdMap::Range { first: disk }, IdMap::Range { first }) = (layer.ids, ids) else {
        return Ok(());
    };
    let moved = |id: u32| match id.checked_sub(disk) {
        Some(inside) if inside < ID_COUNT => first + inside,
        _ => first,
    };
    chown(upper, Some(moved(below.uid())), Some(moved(below.gid())))
}
