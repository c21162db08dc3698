//! An image as an archive, which every engine takes.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ctnr_images::{Compression, ImageSpec, write_archive};
use ctnr_model::{Architecture, ImageReference};
use jiff::Timestamp;

use super::CREATED_SECONDS;
use super::recipe::Recipe;
use crate::cache;
use crate::console::Step;

/// An image whose layers are ready.
pub(super) struct Archive {
    spec: ImageSpec,
    scratch: PathBuf,
}

impl Archive {
    /// Makes the layers that are not in the cache.
    pub(super) fn prepare(recipe: &Recipe) -> Result<Self> {
        let layers = recipe.layers.iter().map(super::recipe::Layer::tar);
        let layers = layers.collect::<Result<Vec<_>>>()?;
        let scratch = cache::root()?.join("scratch");
        fs::create_dir_all(&scratch).with_context(|| format!("cannot make {scratch:?}"))?;
        let created = Timestamp::from_second(CREATED_SECONDS).context("no such time")?;
        let spec = ImageSpec {
            reference: ImageReference::parse(recipe.reference).context("a recipe's name")?,
            config: recipe.labelled_config()?,
            architecture: Architecture::HOST,
            created,
            created_by: "cargo xtask image".into(),
            layers,
            // It stays on this machine, where packing and unpacking would only take time.
            compression: Compression::None,
        };
        Ok(Self { spec, scratch })
    }

    /// Writes the archive, with the bytes written so far as the progress of `step`.
    pub(super) fn write(&self, out: &mut dyn Write, step: &Step) -> Result<()> {
        let mut counted = Counted {
            out,
            step,
            bytes: 0,
            shown: 0,
        };
        step.progress("packing");
        write_archive(&self.spec, &self.scratch, &mut counted)?;
        Ok(())
    }

    /// The bytes of the layers when they are packed.
    pub(super) fn packed_size(&self, compression: Compression) -> Result<u64> {
        let spec = ImageSpec {
            compression,
            ..self.spec.clone()
        };
        Ok(write_archive(&spec, &self.scratch, io::sink())?.size)
    }

    /// Writes the archive to a file that appears when it is complete.
    pub(super) fn save(&self, file: &Path) -> Result<()> {
        let step = Step::start(format!("Writing {}", file.display()));
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let temporary = tempfile::NamedTempFile::new_in(folder)
            .with_context(|| format!("cannot write below {folder:?}"))?;
        let mut out = BufWriter::with_capacity(1 << 20, temporary);
        self.write(&mut out, &step)?;
        let temporary = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        readable(temporary.as_file())?;
        temporary
            .persist(file)
            .with_context(|| format!("cannot move the archive to {file:?}"))?;
        step.done();
        Ok(())
    }
}

/// Gives the file the mode that other new files have: temporary ones are for their owner alone.
fn readable(file: &File) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let permissions = fs::Permissions::from_mode(0o644);
    file.set_permissions(permissions)
        .context("cannot set the archive's mode")
}

/// Shows how much has been written.
struct Counted<'a> {
    out: &'a mut dyn Write,
    step: &'a Step,
    bytes: u64,
    shown: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        const MEGABYTE: u64 = 1_000_000;
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        if self.bytes - self.shown >= 10 * MEGABYTE {
            self.shown = self.bytes;
            self.step.progress(format!("{} MB", self.bytes / MEGABYTE));
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
