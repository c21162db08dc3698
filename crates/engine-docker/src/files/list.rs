//! Listing a directory by its archive.

use ctnr_engine::{EngineError, FileInfo, FileKind, Result, SandboxFiles as _};
use ctnr_model::ContainerPath;
use tar::EntryType;

use super::Files;

/// How much may lie below a directory that is listed; its archive has to be read.
const MAX_BYTES: u64 = 4 << 30;

impl Files {
    /// What a directory holds, sorted by name.
    pub(super) async fn list_directory(&self, path: &ContainerPath) -> Result<Vec<FileInfo>> {
        let real = self.resolve(path).await?;
        let (first, mut reader) = self.open(&real).await?;
        if first.kind() != FileKind::Directory {
            return Err(EngineError::BadRequest(format!(
                "{path} is not a directory"
            )));
        }
        // The archive's names begin with the directory's own, but for the root.
        let above = usize::from(real.file_name().is_some());
        let mut children: Vec<FileInfo> = Vec::new();
        let mut links = Vec::new();
        while let Some(entry) = reader.next().await? {
            if let Some(name) = child(&entry.path, above) {
                if entry.entry_type == EntryType::Link {
                    links.push(children.len());
                }
                children.push(entry.info(name));
            }
            if reader.taken() > MAX_BYTES {
                return Err(EngineError::TooLarge(format!(
                    "more than {} GiB lie below {path}, which Docker's API would read to list it; run ls in the sandbox with exec",
                    MAX_BYTES >> 30
                )));
            }
        }
        // A further name of a file says nothing of its size.
        for index in links {
            children[index].size = self.stat(&real.join(&children[index].name)?).await?.size;
        }
        children.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(children)
    }
}

/// The name of an entry that is directly in the directory; `above` components are the directory's.
fn child(path: &str, above: usize) -> Option<&str> {
    let mut parts = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .skip(above);
    let name = parts.next()?;
    parts.next().is_none().then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_direct_children_are_listed() {
        assert_eq!(child("w/", 1), None);
        assert_eq!(child("w/a", 1), Some("a"));
        assert_eq!(child("w/b/", 1), Some("b"));
        assert_eq!(child("w/b/c", 1), None);
        assert_eq!(child("/", 0), None);
        assert_eq!(child("/bin/", 0), Some("bin"));
        assert_eq!(child("/bin/sh", 0), None);
    }
}
