//! Making the runtime.
//!
//! ```text
//! mmdebstrap ── packages ── trim ── prefix ──▶ tar ──▶ pack ──▶ layer.tar ──▶ archive
//! ```
//!
//! The system is never whole on this side: it is made below `scratch` in namespaces of its own,
//! and what comes out of it is packed as it comes.

mod bootstrap;
mod pack;
mod strip;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use ctnr_images::{ArchiveSummary, Compression, ImageSpec, write_archive};
use ctnr_model::{Architecture, ImageReference};
use jiff::Timestamp;

use crate::error::Doing;
use crate::{BuildError, layout, recipe};
use bootstrap::{Bootstrap, LastLines};

/// How often a caller is asked whether to go on, where nothing else happens.
const TICK: Duration = Duration::from_millis(200);

/// The bytes of a system before it is packed, about: what progress is a part of.
const SYSTEM_BYTES: u64 = 2_900_000_000;

/// What is being done, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Packages are fetched and installed.
    Packages,
    /// What no program loads is removed.
    Trimming,
    /// Wine makes the template of the prefix.
    Template,
    /// The image is packed.
    Packing,
}

impl Stage {
    /// What is being done, for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Packages => "installing Debian's packages",
            Self::Trimming => "removing what is not needed",
            Self::Template => "making the template of the prefix",
            Self::Packing => "packing the image",
        }
    }

    /// How many percent of the whole time have passed when it begins.
    fn begins_at(self) -> u8 {
        match self {
            Self::Packages => 0,
            Self::Trimming => 70,
            Self::Template => 73,
            Self::Packing => 85,
        }
    }
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// How much is done, about, in percent.
    pub percent: u8,
    /// What a program said last, or how much was written.
    pub detail: String,
}

impl Progress {
    /// Goes on to a stage, never back to one.
    fn enter(&mut self, stage: Stage) {
        if stage > self.stage {
            self.stage = stage;
            self.percent = stage.begins_at();
        }
    }
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    GoOn,
    /// Stop, and leave nothing.
    Cancel,
}

/// Is told the progress, several times a second, and says whether to go on.
pub type ProgressSink<'a> = &'a (dyn Fn(&Progress) -> Flow + Sync);

/// What this machine lacks for making the runtime: the names of packages.
pub fn missing() -> Vec<&'static str> {
    ctnr_debian::missing()
        .iter()
        .map(|need| need.package)
        .collect()
}

/// A runtime that was made.
#[derive(Debug)]
pub struct Runtime {
    layer: PathBuf,
}

impl Runtime {
    /// Its one layer, a tar.
    pub fn layer(&self) -> &Path {
        &self.layer
    }

    /// Writes it as an archive of the image [`layout::IMAGE`], which every engine imports.
    ///
    /// # Errors
    /// Where the layer can't be read, or the output not be written.
    pub fn write_archive(
        &self,
        compression: Compression,
        out: impl Write,
    ) -> Result<ArchiveSummary, BuildError> {
        let invalid = |error: &dyn std::fmt::Display| io::Error::other(error.to_string());
        let reference = ImageReference::parse(layout::IMAGE).map_err(|error| invalid(&error));
        let created = Timestamp::from_second(recipe::CREATED_SECONDS);
        let spec = ImageSpec {
            reference: reference.doing("naming the image")?,
            config: recipe::config(),
            architecture: Architecture::HOST,
            created: created
                .map_err(|error| invalid(&error))
                .doing("dating the image")?,
            created_by: "ctnr: the Wine runtime".to_owned(),
            layers: vec![self.layer.clone()],
            compression,
        };
        let scratch = self.layer.parent().unwrap_or(Path::new("/"));
        Ok(write_archive(&spec, scratch, out)?)
    }
}

/// Makes the runtime below `scratch`, an empty folder that is the caller's to remove. It takes
/// minutes, 3 GB below `scratch` for a while and 0.7 GB at the end.
///
/// # Errors
/// [`BuildError`], which says what is missing where that is the reason.
pub fn build(scratch: &Path, progress: ProgressSink<'_>) -> Result<Runtime, BuildError> {
    if Architecture::HOST != Architecture::Amd64 {
        return Err(BuildError::Architecture(Architecture::HOST.as_str()));
    }
    let missing = missing();
    if !missing.is_empty() {
        return Err(BuildError::Missing(missing));
    }
    let scripts = scratch.join("scripts");
    write_scripts(&scripts)?;
    let layer = scratch.join("layer.tar");
    let at_work = AtWork {
        progress,
        now: Mutex::new(Progress {
            stage: Stage::Packages,
            percent: 0,
            detail: String::new(),
        }),
        cancelled: AtomicBool::new(false),
    };
    at_work.make(scratch, &scripts, &layer)?;
    fs::remove_dir_all(&scripts).doing("removing the scripts")?;
    Ok(Runtime { layer })
}

fn write_scripts(folder: &Path) -> Result<(), BuildError> {
    fs::create_dir_all(folder).doing(format!("making {}", folder.display()))?;
    for (name, content) in recipe::SCRIPTS {
        let path = folder.join(name);
        fs::write(&path, content).doing(format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// What the threads of a build share.
struct AtWork<'a> {
    progress: ProgressSink<'a>,
    now: Mutex<Progress>,
    cancelled: AtomicBool,
}

impl AtWork<'_> {
    fn make(&self, scratch: &Path, scripts: &Path, layer: &Path) -> Result<(), BuildError> {
        let (bootstrap, out, said) = Bootstrap::start(scratch, scripts)?;
        let bootstrap = Mutex::new(bootstrap);
        let lock = || bootstrap.lock().unwrap_or_else(PoisonError::into_inner);
        let (sender, receiver) = mpsc::channel::<String>();
        let (packed, last) = thread::scope(|scope| {
            scope.spawn(move || {
                // The receiver lives until this has ended.
                bootstrap::lines(said, |line| drop(sender.send(line.to_owned())));
            });
            let listening = scope.spawn(move || self.listen(receiver, lock));
            let packed = pack::pack(out, layer, |bytes| self.packing(bytes));
            if packed.is_err() {
                lock().kill();
            }
            let last = listening.join().unwrap_or_default();
            (packed, last)
        });
        if self.is_cancelled() {
            return Err(BuildError::Cancelled);
        }
        let stage = self.now().stage;
        let bootstrap = bootstrap
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        // A tar that ends too early is what follows from a program that failed.
        bootstrap.finish(stage.as_str(), &last)?;
        packed.doing(stage.as_str())?;
        Ok(())
    }

    /// Takes note of all lines, and kills what works when the caller wants no more.
    fn listen<'a>(
        &self,
        lines: Receiver<String>,
        bootstrap: impl Fn() -> MutexGuard<'a, Bootstrap>,
    ) -> LastLines {
        let mut last = LastLines::default();
        loop {
            match lines.recv_timeout(TICK) {
                Ok(line) => {
                    last.push(&line);
                    self.heard(&line);
                }
                Err(RecvTimeoutError::Timeout) => self.tell(),
                Err(RecvTimeoutError::Disconnected) => return last,
            }
            if self.is_cancelled() {
                bootstrap().kill();
            }
        }
    }

    /// Takes note of a line that mmdebstrap or a script said.
    fn heard(&self, line: &str) {
        let stage = match line {
            "removing what is not needed" => Some(Stage::Trimming),
            "making the prefix" => Some(Stage::Template),
            _ => None,
        };
        {
            let mut now = self.now();
            if let Some(stage) = stage {
                now.enter(stage);
            }
            line.clone_into(&mut now.detail);
        }
        self.tell();
    }

    /// Takes note of the bytes that were packed.
    fn packing(&self, bytes: u64) -> io::Result<()> {
        if self.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        let left = u64::from(100 - Stage::Packing.begins_at());
        let percent = (bytes * left / SYSTEM_BYTES).min(left - 1);
        let mut now = self.now();
        now.enter(Stage::Packing);
        now.percent = Stage::Packing.begins_at() + u8::try_from(percent).unwrap_or_default();
        now.detail = format!("{} MB", bytes / 1_000_000);
        Ok(())
    }

    fn tell(&self) {
        let now = self.now().clone();
        if (self.progress)(&now) == Flow::Cancel {
            self.cancelled.store(true, Ordering::Relaxed);
        }
    }

    fn now(&self) -> MutexGuard<'_, Progress> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
