//! Giving an image to the native engine: its store may be used beside a running backend.

use std::fs::{DirBuilder, File};
use std::io::{BufWriter, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, anyhow};
use ctnr_images::{
    ImageError, ImageStore, ImportOptions, LayerPhase, Progress, ProgressSink, StoreOptions,
};
use ctnr_model::ImageReference;

use super::recipe::LABEL;
use crate::console::Step;

/// The image store of a data directory.
pub(super) struct Native {
    store: ImageStore,
}

/// What stands under a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Nothing.
    Absent,
    /// An image from a recipe, with its hash.
    Ours(String),
    /// An image that was not made here.
    Foreign,
}

impl Native {
    /// Opens the store of a data directory, or of the one that the backend uses by default, and
    /// makes both where they are missing.
    pub(super) fn open(data_dir: Option<&Path>) -> Result<Self> {
        let data_dir = match data_dir {
            Some(path) => path.to_owned(),
            None => default_data_dir()?,
        };
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder
            .create(&data_dir)
            .with_context(|| format!("cannot make {data_dir:?}"))?;
        let store = ImageStore::open(&data_dir.join("images"), StoreOptions::default())?;
        Ok(Self { store })
    }

    /// What stands under `reference`.
    pub(super) fn named(&self, reference: &str) -> Result<Named> {
        let reference = ImageReference::parse(reference).context("a recipe's name")?;
        match self.store.resolve(&reference) {
            Ok(image) => Ok(match image.config.labels.get(LABEL) {
                Some(hash) => Named::Ours(hash.clone()),
                None => Named::Foreign,
            }),
            Err(ImageError::NotFound { .. }) => Ok(Named::Absent),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives an image a further name.
    pub(super) fn tag(&self, reference: &str, further: &str) -> Result<()> {
        let further = ImageReference::parse(further).context("a recipe's name")?;
        Ok(self.store.tag(reference, &further)?)
    }

    /// Imports the archive that `write` writes, as it is written.
    pub(super) fn import(
        &self,
        write: impl FnOnce(&mut dyn Write) -> Result<()> + Send,
        step: &Arc<Step>,
    ) -> Result<()> {
        let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
        let reader = tokio::fs::File::from_std(File::from(OwnedFd::from(reader)));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .context("cannot start the runtime that imports")?;
        thread::scope(|scope| {
            let writing = scope.spawn(move || {
                let mut out = BufWriter::with_capacity(1 << 20, writer);
                write(&mut out)?;
                out.flush().context("cannot write the archive")
            });
            let import = self
                .store
                .import(reader, ImportOptions::default(), shown(step));
            let imported = runtime.block_on(import);
            let written = writing
                .join()
                .map_err(|_| anyhow!("writing the archive panicked"))?;
            // An archive that nobody reads to its end can't be written either: the first error is
            // the reader's. But where the writer stopped by itself, the reader lacks the rest.
            match (imported, written) {
                (Ok(_), written) => written,
                (Err(error), Err(cause)) if !is_broken_pipe(&cause) => {
                    Err(cause.context(error.to_string()))
                }
                (Err(error), _) => Err(error.into()),
            }
        })
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let cause = cause.downcast_ref::<std::io::Error>();
        cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

/// Shows what the store does as the progress of a step.
fn shown(step: &Arc<Step>) -> ProgressSink {
    const MEGABYTE: u64 = 1_000_000;
    let step = Arc::clone(step);
    Arc::new(move |progress| match progress {
        Progress::Reading { bytes } => step.progress(format!("{} MB", bytes / MEGABYTE)),
        Progress::Layer {
            phase: LayerPhase::Unpacking,
            done,
            total,
            ..
        } => {
            let (done, total) = (done / MEGABYTE, total / MEGABYTE);
            step.progress(format!("unpacking a layer: {done} of {total} MB"));
        }
        _ => {}
    })
}

/// Where the backend keeps its data when nothing is said: `/var/lib/ctnr` for root, else
/// `$XDG_DATA_HOME/ctnr`, else `~/.local/share/ctnr`.
fn default_data_dir() -> Result<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Ok("/var/lib/ctnr".into());
    }
    let absolute = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_DATA_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".local/share")))
        .map(|base| base.join("ctnr"))
        .context("there is no place for images: name one with --data-dir")
}

#[cfg(test)]
mod tests {
    use ctnr_images::{Compression, ImageSpec, write_archive};
    use ctnr_model::{Architecture, ImageConfig};

    use super::*;
    use crate::image::tree::Tree;

    /// Writes an image `demo:latest` with `label` as its recipe, and imports it.
    fn import(dir: &Path, native: &Native, label: Option<&str>) -> Result<()> {
        let layer = dir.join("layer.tar");
        if !layer.exists() {
            let mut tree = Tree::create(&layer)?;
            tree.file("file", 0o644, b"text")?;
            tree.finish()?;
        }
        let labels = label.map(|label| (LABEL.to_owned(), label.to_owned()));
        let spec = ImageSpec {
            reference: ImageReference::parse("demo:latest")?,
            config: ImageConfig {
                labels: labels.into_iter().collect(),
                ..Default::default()
            },
            architecture: Architecture::HOST,
            created: jiff::Timestamp::UNIX_EPOCH,
            created_by: "a test".into(),
            layers: vec![layer],
            compression: Compression::None,
        };
        let step = Arc::new(Step::start("importing"));
        native.import(|out| Ok(write_archive(&spec, dir, out).map(drop)?), &step)
    }

    #[test]
    fn an_image_is_imported_and_known_by_its_label() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let native = Native::open(Some(&dir.path().join("data"))).expect("a store");
        assert_eq!(
            native.named("demo:latest").expect("readable"),
            Named::Absent
        );
        import(dir.path(), &native, None).expect("it is imported");
        assert_eq!(
            native.named("demo:latest").expect("readable"),
            Named::Foreign
        );
        import(dir.path(), &native, Some("abc")).expect("it is imported");
        assert_eq!(
            native.named("demo:latest").expect("readable"),
            Named::Ours("abc".into())
        );
    }

    #[test]
    fn the_error_of_either_side_is_told() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let native = Native::open(Some(&dir.path().join("data"))).expect("a store");
        let step = Arc::new(Step::start("importing"));
        let stopped = native.import(|_| Err(anyhow!("the layer is gone")), &step);
        let text = format!("{:#}", stopped.expect_err("nothing was written"));
        assert!(text.contains("the layer is gone"), "{text}");
        let garbage = native.import(
            |out| (0..100).try_for_each(|_| Ok(out.write_all(&[b'x'; 1 << 16])?)),
            &step,
        );
        let text = format!("{:#}", garbage.expect_err("that is no archive"));
        assert!(!text.contains("os error 32"), "{text}");
    }
}
