//! What an engine that was killed has left.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use ctnr_model::LayerId;

use super::facts::Facts;
use super::freeze::give_back;
use crate::engine::trash::Trash;

/// Reads the layers of a directory. Sandboxes that have become layers go; those that have not wholly
/// become one are whole again; half an archive goes.
pub(super) fn sweep(
    directory: &Path,
    sandboxes: &Path,
    trash: &Trash,
) -> io::Result<BTreeMap<LayerId, Arc<Facts>>> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let mut known = BTreeMap::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".part") {
            undo(&path, sandboxes)?;
            trash.throw(&path)?;
        } else if let Ok(id) = LayerId::parse(&name) {
            match Facts::read(&path) {
                Ok(facts) => {
                    if let Some(sandbox) = &facts.from {
                        trash.throw(&sandboxes.join(sandbox.as_str()))?;
                    }
                    known.insert(id, Arc::new(facts));
                }
                Err(error) => {
                    tracing::error!(layer = id.short(), %error, "a layer can't be used");
                }
            }
        }
    }
    Ok(known)
}

/// Gives a sandbox back what was moved out of it.
fn undo(part: &Path, sandboxes: &Path) -> io::Result<()> {
    // Its facts are written before anything is moved.
    let Ok(facts) = Facts::read(part) else {
        return Ok(());
    };
    let Some(sandbox) = &facts.from else {
        return Ok(());
    };
    let directory = sandboxes.join(sandbox.as_str());
    if !directory.try_exists()? {
        // It was deleted since, and what was taken from it goes with it.
        return Ok(());
    }
    tracing::info!(
        sandbox = sandbox.short(),
        "a sandbox was not frozen; it is as it was"
    );
    give_back(part, &directory, &facts)
}

#[cfg(test)]
mod tests {
    use ctnr_model::{ContainerPath, SandboxId};

    use super::*;
    use crate::protocol::IdMap;

    /// A sandbox with a copied host directory, and a layer in the making, on disk.
    struct Halves {
        scratch: tempfile::TempDir,
        sandbox: SandboxId,
        layer: LayerId,
    }

    impl Halves {
        fn new() -> Self {
            let scratch = tempfile::tempdir().unwrap();
            let sandbox = SandboxId::from_random([1; 32]);
            for written in ["upper", "mounts/0/upper"] {
                let upper = scratch.path().join("sandboxes").join(sandbox.as_str());
                let upper = upper.join(written);
                fs::create_dir_all(&upper).unwrap();
                fs::write(upper.join("file"), written).unwrap();
            }
            let layer = LayerId::from_random([2; 32]);
            fs::create_dir_all(scratch.path().join("layers")).unwrap();
            Self {
                scratch,
                sandbox,
                layer,
            }
        }

        fn facts(&self) -> Facts {
            let target = ContainerPath::parse("/data").unwrap();
            let ids = IdMap::Range { first: 0 };
            Facts::new(ids, Some(self.sandbox.clone()), vec![(0, target)])
        }

        fn sandbox(&self) -> std::path::PathBuf {
            self.scratch
                .path()
                .join("sandboxes")
                .join(self.sandbox.as_str())
        }

        fn part(&self) -> std::path::PathBuf {
            self.scratch
                .path()
                .join(format!("layers/{}.part", self.layer))
        }

        /// Opens it as the next engine does.
        async fn sweep(&self) -> Vec<LayerId> {
            let trash = Trash::open(self.scratch.path().join("trash")).unwrap();
            let sandboxes = self.scratch.path().join("sandboxes");
            let known = sweep(&self.scratch.path().join("layers"), &sandboxes, &trash);
            assert!(!self.part().exists());
            known.unwrap().into_keys().collect()
        }
    }

    #[tokio::test]
    async fn a_freeze_that_is_killed_leaves_the_sandbox() {
        // Everything that a freeze does, cut after each step.
        for steps in 0..5 {
            let halves = Halves::new();
            let (part, sandbox) = (halves.part(), halves.sandbox());
            let done: [&dyn Fn(); 5] = [
                &|| fs::create_dir(&part).unwrap(),
                &|| halves.facts().write(&part).unwrap(),
                &|| fs::create_dir(part.join("mounts")).unwrap(),
                &|| fs::rename(sandbox.join("mounts/0/upper"), part.join("mounts/0")).unwrap(),
                &|| fs::rename(sandbox.join("upper"), part.join("files")).unwrap(),
            ];
            done.iter().take(steps + 1).for_each(|step| step());
            assert_eq!(halves.sweep().await, [], "{steps}");
            for written in ["upper", "mounts/0/upper"] {
                let file = sandbox.join(written).join("file");
                assert_eq!(fs::read_to_string(file).unwrap(), written, "{steps}");
            }
        }
    }

    #[tokio::test]
    async fn a_freeze_that_is_killed_at_its_end_leaves_the_layer() {
        let halves = Halves::new();
        let whole = halves.part().with_extension("");
        fs::create_dir_all(whole.join("mounts")).unwrap();
        halves.facts().write(&whole).unwrap();
        fs::rename(halves.sandbox().join("upper"), whole.join("files")).unwrap();
        assert_eq!(halves.sweep().await, std::slice::from_ref(&halves.layer));
        assert!(!halves.sandbox().exists());
        assert!(whole.join("files/file").is_file());
    }

    #[tokio::test]
    async fn half_an_archive_goes() {
        let halves = Halves::new();
        fs::create_dir_all(halves.part().join("files/half")).unwrap();
        Facts::new(IdMap::Range { first: 0 }, None, Vec::new())
            .write(&halves.part())
            .unwrap();
        assert_eq!(halves.sweep().await, []);
        assert!(halves.sandbox().join("upper/file").is_file());
    }
}
