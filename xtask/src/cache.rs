//! What tasks keep between runs, outside the checkout, by the hash of what it was made from.
//!
//! An entry is a folder. It is made in a temporary folder beside its place and renamed into it,
//! so an interrupted run leaves nothing that looks finished. What it does leave, and entries that
//! nobody has asked for in a while, are removed when the next entry of the kind is made.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// How long an entry stays that nobody asks for.
const UNUSED: Duration = Duration::from_hours(30 * 24);

/// The cache's folder: `$CTNR_CACHE`, `$XDG_CACHE_HOME/ctnr` or `~/.cache/ctnr`.
pub(crate) fn root() -> Result<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let root = if let Some(root) = set("CTNR_CACHE") {
        root
    } else if let Some(cache) = set("XDG_CACHE_HOME") {
        cache.join("ctnr")
    } else if let Some(home) = set("HOME") {
        home.join(".cache/ctnr")
    } else {
        bail!("there is no place for a cache: set CTNR_CACHE to a folder");
    };
    fs::create_dir_all(&root).with_context(|| format!("cannot make the cache {root:?}"))?;
    Ok(root)
}

/// The hash of everything that an entry depends on.
#[derive(Clone)]
pub(crate) struct Key {
    hash: Sha256,
}

impl Key {
    /// A key for a kind of thing. Change `version` with the code that makes it.
    pub(crate) fn new(kind: &str, version: u32) -> Self {
        Self {
            hash: Sha256::new(),
        }
        .with(kind, version.to_string())
    }

    /// The key with one more input. Names and values are length-prefixed, so that no two lists of
    /// inputs run into each other.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        for part in [name.as_bytes(), value.as_ref()] {
            self.hash.update((part.len() as u64).to_le_bytes());
            self.hash.update(part);
        }
        self
    }

    /// The key with the content of all files below `folder`, by their relative paths.
    pub(crate) fn with_tree(mut self, folder: &Path) -> Result<Self> {
        for path in files_below(folder)? {
            let content = fs::read(&path).with_context(|| format!("cannot read {path:?}"))?;
            let name = path.strip_prefix(folder).unwrap_or(&path);
            self = self.with(&name.to_string_lossy(), content);
        }
        Ok(self)
    }

    /// 32 hexadecimal digits.
    pub(crate) fn hex(&self) -> String {
        let digest = self.hash.clone().finalize();
        digest
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// All regular files below `folder`, sorted.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(dir) = pending.pop() {
        let listing = fs::read_dir(&dir).with_context(|| format!("cannot list {dir:?}"))?;
        for entry in listing {
            let entry = entry.with_context(|| format!("cannot list {dir:?}"))?;
            let kind = entry
                .file_type()
                .with_context(|| format!("cannot stat in {dir:?}"))?;
            if kind.is_dir() {
                pending.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The entry `key` of `kind`, made by `make` in an empty folder when it is not there.
///
/// Two runs that want the same entry make it once: the second waits for the first.
pub(crate) fn entry(
    kind: &str,
    key: &Key,
    make: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    entry_in(&root()?.join(kind), key, make)
}

fn entry_in(dir: &Path, key: &Key, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let place = dir.join(key.hex());
    if is_there(&place) {
        return Ok(place);
    }
    fs::create_dir_all(dir).with_context(|| format!("cannot make {dir:?}"))?;
    let _lock = lock(&dir.join(format!(".{}.lock", key.hex())))?;
    if is_there(&place) {
        return Ok(place);
    }
    sweep(dir)?;
    let partial = dir.join(format!(".{}.partial", key.hex()));
    remove(&partial)?;
    fs::create_dir(&partial).with_context(|| format!("cannot make {partial:?}"))?;
    let made = make(&partial);
    if let Err(error) = made {
        remove(&partial)?;
        return Err(error);
    }
    fs::rename(&partial, &place)
        .with_context(|| format!("cannot move {partial:?} to its place"))?;
    Ok(place)
}

/// Whether the entry is there, which counts as a use of it.
fn is_there(place: &Path) -> bool {
    let found = place.is_dir();
    if found && let Ok(folder) = File::open(place) {
        // Someone else's cache may be read-only to this user; it is swept by its owner then.
        let _ = folder.set_modified(SystemTime::now());
    }
    found
}

/// Removes what interrupted runs left, and entries that have not been used for long.
fn sweep(dir: &Path) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot list {dir:?}"))? {
        let path = entry
            .with_context(|| format!("cannot list {dir:?}"))?
            .path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(key) = name
            .strip_prefix('.')
            .and_then(|rest| rest.strip_suffix(".partial"))
        {
            let lock = File::create(dir.join(format!(".{key}.lock")));
            if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
                remove(&path)?;
            }
        } else if !name.starts_with('.')
            && let Ok(used) = path.metadata().and_then(|metadata| metadata.modified())
            && used.elapsed().is_ok_and(|unused| unused > UNUSED)
        {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Removes the entry `key` of `kind`, so that it is made anew.
pub(crate) fn forget(kind: &str, key: &Key) -> Result<()> {
    remove(&root()?.join(kind).join(key.hex()))
}

fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot make {path:?}"))?;
    file.lock()
        .with_context(|| format!("cannot lock {path:?}"))?;
    Ok(file)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {path:?}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_made_once_and_never_by_halves() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let key = Key::new("test", 1);
        let failed = entry_in(dir.path(), &key, |folder| {
            fs::write(folder.join("half"), "x")?;
            bail!("interrupted")
        });
        assert!(failed.is_err());
        assert!(!dir.path().join(key.hex()).exists());
        let make = |text: &'static str| {
            move |folder: &Path| fs::write(folder.join("file"), text).context("write")
        };
        let first = entry_in(dir.path(), &key, make("one")).expect("it is made");
        let second = entry_in(dir.path(), &key, make("two")).expect("it is there");
        assert_eq!(first, second);
        assert_eq!(
            fs::read_to_string(first.join("file")).expect("a file"),
            "one"
        );
        assert!(!first.join("half").exists());
    }

    #[test]
    fn leftovers_are_swept_and_what_is_used_is_not() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| dir.path().join(name);
        for name in [".dead.partial", ".busy.partial", "old", "used"] {
            fs::create_dir(path(name)).expect("a folder");
        }
        let _busy = lock(&path(".busy.lock")).expect("a lock");
        let long_ago = SystemTime::now() - 2 * UNUSED;
        for name in ["old", "used"] {
            let folder = File::open(path(name)).expect("a folder");
            folder.set_modified(long_ago).expect("a time");
        }
        assert!(is_there(&path("used")));
        entry_in(dir.path(), &Key::new("test", 1), |_| Ok(())).expect("it is made");
        assert!(!path(".dead.partial").exists() && !path("old").exists());
        assert!(path(".busy.partial").exists() && path("used").exists());
    }

    #[test]
    fn keys_tell_inputs_apart() {
        let key = Key::new("test", 1);
        assert_ne!(
            key.clone().with("ab", "c").hex(),
            key.clone().with("a", "bc").hex()
        );
        assert_ne!(key.hex(), Key::new("test", 2).hex());
        let dir = tempfile::tempdir().expect("a temporary folder");
        fs::write(dir.path().join("one"), "1").expect("a file");
        let before = key.clone().with_tree(dir.path()).expect("readable").hex();
        fs::write(dir.path().join("one"), "2").expect("a file");
        assert_ne!(before, key.with_tree(dir.path()).expect("readable").hex());
    }
}
