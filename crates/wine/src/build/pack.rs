//! From the system's tar, as mmdebstrap writes it, to the image's layer.
//!
//! On the way debug information goes, every time becomes the same, and files of the prefix that
//! are Wine's own become hard links to those: Wine copies its libraries into each prefix. They are
//! links and not symlinks, so that a program that replaces or changes one of them gets a copy of
//! its own, by the overlay, and Wine's stays.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tar::{Archive, Builder, Entry, EntryType, Header};

use super::strip::strip;
use crate::layout::UID;
use crate::recipe::{CREATED_SECONDS, FILES, FOLDERS};

/// Parts of the prefix are links to files below these.
const WINES_OWN: [&str; 3] = [
    "usr/lib/x86_64-linux-gnu/wine",
    "usr/lib/i386-linux-gnu/wine",
    "usr/share/wine",
];

/// What the making of the system leaves.
const LEFT_OUT: [&str; 6] = [
    "etc/apt",
    "var/lib/apt",
    "var/cache/apt",
    "var/cache/debconf",
    "var/log",
    "wine/wineserver",
];

/// No file of Wine's is larger.
const LARGEST: u64 = 512 * 1024 * 1024;

/// What was packed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed {
    /// The bytes of all files, with debug information.
    pub(super) read: u64,
    /// Files of the prefix that are links.
    pub(super) linked: u64,
}

/// Packs the system that `from` has as a tar into the new file `layer`. `progress` is told the
/// bytes that were read so far, and ends it with an error.
pub(super) fn pack(
    from: impl Read,
    layer: &Path,
    mut progress: impl FnMut(u64) -> io::Result<()>,
) -> io::Result<Packed> {
    let out = BufWriter::with_capacity(1 << 20, File::create_new(layer)?);
    let mut packer = Packer {
        out: Builder::new(out),
        known: HashMap::new(),
        packed: Packed::default(),
    };
    for entry in Archive::new(from).entries()? {
        packer.add(entry?)?;
        progress(packer.packed.read)?;
    }
    packer.add_own()?;
    packer.out.into_inner()?.flush()?;
    Ok(packer.packed)
}

struct Packer<W: Write> {
    out: Builder<W>,
    /// Wine's own files by their hash.
    known: HashMap<[u8; 32], PathBuf>,
    packed: Packed,
}

impl<W: Write> Packer<W> {
    fn add(&mut self, mut entry: Entry<'_, impl Read>) -> io::Result<()> {
        let path = entry.path()?.into_owned();
        let path = path.strip_prefix(".").unwrap_or(&path);
        if path.as_os_str().is_empty() || LEFT_OUT.iter().any(|left| path.starts_with(left)) {
            return Ok(());
        }
        let mut header = header(entry.header())?;
        match header.entry_type() {
            EntryType::Regular => self.add_file(&mut header, path, &mut entry),
            EntryType::Directory => self.out.append_data(&mut header, path, io::empty()),
            EntryType::Symlink | EntryType::Link => {
                let target = entry.link_name()?.unwrap_or_default().into_owned();
                let inside = match header.entry_type() {
                    EntryType::Link => target.strip_prefix(".").unwrap_or(&target),
                    _ => &target,
                };
                self.out.append_link(&mut header, path, inside)
            }
            // An engine makes devices; sockets and pipes are of programs that have ended.
            _ => Ok(()),
        }
    }

    fn add_file(
        &mut self,
        header: &mut Header,
        path: &Path,
        entry: &mut Entry<'_, impl Read>,
    ) -> io::Result<()> {
        let size = entry.size();
        self.packed.read += size;
        let wines_own = WINES_OWN.iter().any(|folder| path.starts_with(folder));
        let in_prefix = path.starts_with("wine");
        if !wines_own && !in_prefix {
            return self.out.append_data(header, path, entry);
        }
        if size > LARGEST {
            return Err(io::Error::other(format!(
                "{} has {size} bytes, which no file of Wine has",
                path.display()
            )));
        }
        let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        entry.read_to_end(&mut content)?;
        strip(&mut content);
        let hash: [u8; 32] = Sha256::digest(&content).into();
        if wines_own {
            // A link has one owner, and a program may change the files of its Windows.
            header.set_uid(UID.into());
            header.set_gid(UID.into());
            self.known.entry(hash).or_insert_with(|| path.to_owned());
        } else if let Some(target) = self.known.get(&hash).filter(|_| !content.is_empty()) {
            self.packed.linked += 1;
            header.set_entry_type(EntryType::Link);
            header.set_size(0);
            return self.out.append_link(header, path, target);
        }
        header.set_size(content.len() as u64);
        self.out.append_data(header, path, content.as_slice())
    }

    /// Adds what is ctnr's.
    fn add_own(&mut self) -> io::Result<()> {
        for folder in FOLDERS {
            let mut header = new_header(EntryType::Directory, 0o755, 0);
            self.out
                .append_data(&mut header, format!("{folder}/"), io::empty())?;
        }
        for file in FILES {
            let mut header = new_header(EntryType::Regular, file.mode, file.content.len() as u64);
            self.out
                .append_data(&mut header, file.path, file.content.as_bytes())?;
        }
        Ok(())
    }
}

/// A header with the type, mode, owner and size of another one.
fn header(of: &Header) -> io::Result<Header> {
    let kind = match of.entry_type() {
        EntryType::Continuous | EntryType::GNUSparse => EntryType::Regular,
        kind => kind,
    };
    let mut header = new_header(kind, of.mode()?, of.entry_size()?);
    header.set_uid(of.uid()?);
    header.set_gid(of.gid()?);
    Ok(header)
}

fn new_header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(CREATED_SECONDS.unsigned_abs());
    header.set_size(size);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> Vec<u8> {
        let mut tar = Builder::new(Vec::new());
        let mut file = |path: &str, content: &str| {
            let mut header = new_header(EntryType::Regular, 0o644, content.len() as u64);
            header.set_mtime(5);
            tar.append_data(&mut header, path, content.as_bytes())
                .expect("a file");
        };
        file("./etc/apt/sources.list", "deb");
        file("./etc/passwd", "same");
        file("./usr/lib/i386-linux-gnu/wine/i386-windows/a.dll", "a");
        file("./usr/share/wine/fonts/same.ttf", "same");
        file("./wine/drive_c/windows/a.dll", "a");
        file("./wine/drive_c/windows/own.ini", "own");
        file("./wine/drive_c/windows/empty", "");
        file("./wine/drive_c/windows/fonts/same.ttf", "same");
        let mut header = new_header(EntryType::Symlink, 0o777, 0);
        tar.append_link(&mut header, "./wine/dosdevices/c:", "../drive_c")
            .expect("a link");
        tar.into_inner().expect("a tar")
    }

    #[test]
    fn the_prefix_is_linked_to_wine() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let layer = dir.path().join("layer.tar");
        let packed = pack(system().as_slice(), &layer, |_| Ok(())).expect("it is packed");
        assert_eq!(packed.linked, 2);
        let mut archive = Archive::new(File::open(layer).expect("the layer"));
        let entries: Vec<(String, Option<String>, u64, u64)> = archive
            .entries()
            .expect("a tar")
            .map(|entry| {
                let entry = entry.expect("an entry");
                let text = |path: &Path| path.to_string_lossy().into_owned();
                (
                    text(&entry.path().expect("a path")),
                    entry.link_name().expect("a link").map(|path| text(&path)),
                    entry.header().uid().expect("an owner"),
                    entry.header().mtime().expect("a time"),
                )
            })
            .collect();
        let find = |path: &str| {
            let found = entries.iter().find(|entry| entry.0 == path);
            found.unwrap_or_else(|| panic!("{path} in {entries:?}"))
        };
        let own = "usr/lib/i386-linux-gnu/wine/i386-windows/a.dll";
        assert_eq!(find(own).2, u64::from(UID));
        assert_eq!(find("wine/drive_c/windows/a.dll").1.as_deref(), Some(own));
        assert_eq!(find("wine/drive_c/windows/own.ini").1, None);
        assert_eq!(find("wine/drive_c/windows/empty").1, None);
        // What is the same by chance elsewhere is no part of Wine.
        assert_eq!(
            find("wine/drive_c/windows/fonts/same.ttf").1.as_deref(),
            Some("usr/share/wine/fonts/same.ttf")
        );
        assert_eq!(find("wine/dosdevices/c:").1.as_deref(), Some("../drive_c"));
        assert!(
            entries
                .iter()
                .all(|entry| entry.0 != "etc/apt/sources.list")
        );
        assert!(
            entries
                .iter()
                .any(|entry| entry.0 == "usr/lib/ctnr/win32-start")
        );
        let epoch = CREATED_SECONDS.unsigned_abs();
        assert!(entries.iter().all(|entry| entry.3 == epoch));
    }

    #[test]
    fn a_caller_who_wants_no_more_ends_it() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let layer = dir.path().join("layer.tar");
        let ended = pack(system().as_slice(), &layer, |_| {
            Err(io::Error::other("cancelled"))
        });
        assert!(ended.is_err());
    }
}
