//! The job that captures an installer.

use std::time::Duration;

use ctnr_agent::win32::Program;
use ctnr_capture::{InstallerKind, products};
use ctnr_engine::{SandboxEngine, SandboxFiles};
use ctnr_model::{ContainerId, ContainerPath, JobProgress, SandboxId};
use ctnr_wine::layout;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::found::{self, Seen};
use super::run::{self, Tail};
use super::{CaptureDocument, hives, pe, place, programs};
use crate::app::containers::create::entry_points;
use crate::app::containers::find::must_be_whole;
use crate::app::containers::plan::manifest_of;
use crate::app::containers::{Container, paths};
use crate::app::{App, AppError, UploadId};
use crate::jobs::{Job, JobContext, JobError, JobResult};
use crate::store::{CaptureRow, Captured};

/// Codes of Windows Installer that mean success: done, and done when the machine has been started
/// anew (`ERROR_SUCCESS_REBOOT_INITIATED`, `ERROR_SUCCESS_REBOOT_REQUIRED`), of which Linux keeps
/// the low eight bits.
const MSI_SUCCESS: [i32; 3] = [0, 1641 & 0xff, 3010 & 0xff];

/// Folders whose content is nobody's program.
const TEMPORARY: [&str; 2] = ["users/user/AppData/Local/Temp", "windows/temp"];

/// How much of an installer's output an error shows.
const SHOWN: usize = 2_000;

/// The job that captures an installer in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptureContainer {
    /// The container.
    pub container: ContainerId,
    /// The installer.
    pub upload: UploadId,
    /// The name of its file.
    pub name: String,
    /// Its kind.
    pub kind: InstallerKind,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Whether a person says when it is done.
    pub by_hand: bool,
    /// How long it may take.
    pub timeout: Duration,
    /// How long programs that it leaves behind are waited for.
    pub settle: Duration,
}

impl Job for CaptureContainer {
    const KIND: &'static str = "capture";
    const MAX_ATTEMPTS: u32 = 3;
}

/// A session in which an installer runs.
struct Stage<'a> {
    job: &'a CaptureContainer,
    context: &'a JobContext,
    engine: &'a dyn SandboxEngine,
    files: &'a dyn SandboxFiles,
    sandbox: &'a SandboxId,
}

/// How an installer's run went.
struct Ran {
    exit_code: i32,
    log: String,
    left_running: Vec<String>,
}

impl App {
    /// Does [`CaptureContainer`].
    pub async fn make_capture(self, job: CaptureContainer, context: JobContext) -> JobResult {
        let id = &context.job().id;
        // The process before may have been killed right before it recorded the end.
        self.settle_capture(&job, &context).await?;
        if let Some(made) = self
            .inner
            .store
            .capture_of_job(id)
            .await
            .map_err(AppError::from)?
        {
            return result(&made);
        }
        context.check()?;
        tell(&context, 2, "getting the container ready");
        let row = self.begin_capture(&job, &context).await?;
        match self.capture_in(&row, &job, &context).await {
            Ok(()) => {}
            Err(error) => {
                self.settle_capture(&job, &context).await?;
                return Err(error);
            }
        }
        let made = self
            .inner
            .store
            .capture_of_job(id)
            .await
            .map_err(AppError::from)?;
        match made {
            Some(made) => result(&made),
            None => Err(JobError::Failed(
                "the container was changed while the installer ran".to_owned(),
            )),
        }
    }

    /// Takes back what an attempt of this job has begun, or finishes its layer.
    async fn settle_capture(
        &self,
        job: &CaptureContainer,
        context: &JobContext,
    ) -> Result<(), JobError> {
        let (app, container, id) = (
            self.clone(),
            job.container.clone(),
            context.job().id.clone(),
        );
        self.change(async move {
            let lock = app.inner.container_locks.lock(&container).await;
            let Some(mut row) = app.inner.store.container(&container).await? else {
                return Ok(());
            };
            if row.capture.as_ref() == Some(&id) {
                app.take_back_capture(&mut row, &lock).await?;
            }
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Keeps what the container holds apart, marks it, and brings its session up.
    async fn begin_capture(
        &self,
        job: &CaptureContainer,
        context: &JobContext,
    ) -> Result<Container, JobError> {
        // It may be gone since the request.
        self.upload(&job.upload).await?;
        let (app, container, id) = (
            self.clone(),
            job.container.clone(),
            context.job().id.clone(),
        );
        let row = self
            .change(async move {
                let lock = app.inner.container_locks.lock(&container).await;
                let mut row = app.container_by_id(&container).await?;
                must_be_whole(&row)?;
                app.down(&mut row, &lock).await?;
                app.freeze(&mut row, None, &lock).await?;
                app.mark_capture(&mut row, &id).await?;
                app.up(&mut row, &lock).await?;
                Ok(row)
            })
            .await;
        match row {
            Ok(row) => Ok(row),
            Err(error) => {
                self.settle_capture(job, context).await?;
                Err(error.into())
            }
        }
    }

    async fn capture_in(
        &self,
        row: &Container,
        job: &CaptureContainer,
        context: &JobContext,
    ) -> Result<(), JobError> {
        let engine = self.engine_of_container(row)?;
        let sandbox = row.sandbox.clone().ok_or_else(gone)?;
        let files = engine.files(&sandbox).await.map_err(AppError::from)?;
        let stage = Stage {
            job,
            context,
            engine: &*engine,
            files: &*files,
            sandbox: &sandbox,
        };
        // The registry's files are as the layers have them until Wine writes them, which the first
        // minute of a session does not.
        let before = found::look(&*files).await?;
        self.bring(&stage).await?;
        let ran = self.run(&stage).await?;
        context.check()?;
        tell(context, 70, "writing the registry");
        let (app, container, id) = (
            self.clone(),
            job.container.clone(),
            context.job().id.clone(),
        );
        let wanted = sandbox.clone();
        // From here on nobody else may touch the sandbox, and nothing takes long.
        let lock = self.inner.container_locks.lock(&container).await;
        let mut row = app.container_by_id(&container).await?;
        if row.capture.as_ref() != Some(&id) || row.sandbox.as_ref() != Some(&wanted) {
            return Err(gone().into());
        }
        app.down(&mut row, &lock).await?;
        tell(context, 80, "looking at what it has written");
        let captured = stage.compare(&row, &before, ran).await?;
        context.check()?;
        tell(context, 95, "making a layer of it");
        self.change(async move { app.freeze_as(&mut row, None, Some(captured), &lock).await })
            .await?;
        Ok(())
    }

    /// Puts the installer into the container.
    async fn bring(&self, stage: &Stage<'_>) -> Result<(), JobError> {
        tell(stage.context, 5, "bringing the installer");
        let file = self.open_upload(&stage.job.upload).await?;
        let path = place::folder()?
            .join(&stage.job.name)
            .map_err(AppError::from)?;
        let written = stage.files.write(&path, Some(0o755), Box::new(file)).await;
        written.map_err(AppError::from)?;
        Ok(())
    }

    /// Runs the installer to its end, and waits for what it leaves behind.
    async fn run(&self, stage: &Stage<'_>) -> Result<Ran, JobError> {
        let job = stage.job;
        let finished = CancellationToken::new();
        if job.by_hand {
            let mut by_hand = self.inner.by_hand.lock().await;
            by_hand.insert(job.container.clone(), finished.clone());
        }
        let mut tail = Tail::default();
        let ended = tokio::select! {
            ended = stage.install(&mut tail) => ended,
            () = finished.cancelled() => Ok((0, Vec::new())),
            () = stage.context.cancelled() => Err(JobError::Cancelled),
            () = tokio::time::sleep(job.timeout) => Err(JobError::Failed(format!(
                "{} did not end within {} seconds; it may have asked something: give other arguments, a longer time, or drive it by hand",
                job.name,
                job.timeout.as_secs()
            ))),
        };
        if job.by_hand {
            self.inner.by_hand.lock().await.remove(&job.container);
        }
        let log = tail.text();
        let (exit_code, left_running) = ended.map_err(|error| match error {
            JobError::Failed(message) => JobError::Failed(with_log(message, &log)),
            other => other,
        })?;
        let is_success = match job.kind {
            InstallerKind::Msi => MSI_SUCCESS.contains(&exit_code),
            _ => exit_code == 0,
        };
        if !is_success {
            let message = format!("{} failed (exit code {exit_code})", job.name);
            return Err(JobError::Failed(with_log(message, &log)));
        }
        Ok(Ran {
            exit_code,
            log,
            left_running,
        })
    }
}

impl Stage<'_> {
    /// Runs the installer, and gives its exit code and the programs that it has left.
    async fn install(&self, tail: &mut Tail) -> Result<(i32, Vec<String>), JobError> {
        let job = self.job;
        tell(self.context, 10, &format!("running {}", job.name));
        let file = place::on_windows(&job.name);
        let mut words = match job.kind {
            InstallerKind::Msi => vec!["msiexec".to_owned(), "/i".to_owned(), file],
            _ => vec![file],
        };
        words.extend(job.arguments.iter().cloned());
        let program = Program::new(words).map_err(|error| JobError::Failed(format!("{error}")))?;
        let cmd = program.command().args;
        let session = run::begin(self.engine, self.sandbox, cmd, Vec::new()).await?;
        let exit = run::to_end(session, tail).await?;
        let patience = if job.by_hand { job.timeout } else { job.settle };
        let left = run::children(self.engine, self.sandbox, patience, |left| {
            tell(
                self.context,
                60,
                &format!("waiting for {}", left.join(", ")),
            );
        })
        .await?;
        Ok((exit.code, left))
    }

    /// Compares the container with what it was, and says what it becomes.
    async fn compare(
        &self,
        row: &Container,
        before: &Seen,
        ran: Ran,
    ) -> Result<Captured, JobError> {
        self.tidy().await?;
        let after = found::look(self.files).await?;
        let delta = hives::compare(&before.hives, &after.hives);
        let shortcuts = found::new_shortcuts(self.files, before, &after).await?;
        let in_folders = found::new_programs(self.files, before, &after).await?;
        let mut programs = programs::programs(shortcuts, &delta, in_folders);
        for program in &mut programs {
            program.kind = self.kind(&program.program).await?;
        }
        let products = products(&delta);
        let text = row.spec.manifest.as_deref();
        let manifest = manifest_of(&row.name, text, &[])?;
        let manifest = programs::describe(manifest, &products, &programs, &delta);
        let text = manifest
            .to_toml()
            .map_err(|error| JobError::Failed(format!("writing the manifest: {error}")))?;
        // What it says has to be read again by each start, with the overrides that there are.
        let manifest = manifest_of(&row.name, Some(&text), &row.spec.overrides)?;
        let document = CaptureDocument {
            installer: self.job.name.clone(),
            kind: self.job.kind,
            arguments: self.job.arguments.clone(),
            exit_code: ran.exit_code,
            log: ran.log,
            products,
            programs,
            left_running: ran.left_running,
            registry: delta,
        };
        Ok(Captured {
            job: self.context.job().id.clone(),
            document: serde_json::to_string(&document)
                .map_err(|error| JobError::Failed(format!("writing what was found: {error}")))?,
            entry_points: entry_points(&manifest),
            manifest: text,
        })
    }

    /// Removes the installer, and what it has left in folders for temporary files.
    async fn tidy(&self) -> Result<(), JobError> {
        let failed = |error| JobError::from(AppError::from(error));
        let folder = place::folder()?;
        self.files.remove(&folder, true).await.map_err(failed)?;
        for temporary in TEMPORARY {
            let folder = format!("{}/{temporary}", layout::DRIVE_C);
            let folder = ContainerPath::parse(&folder).map_err(AppError::from)?;
            let Ok(entries) = self.files.list(&folder).await else {
                continue;
            };
            for entry in entries {
                if let Ok(path) = folder.join(&entry.name) {
                    self.files.remove(&path, true).await.map_err(failed)?;
                }
            }
        }
        Ok(())
    }

    /// How a program meets its user.
    async fn kind(&self, program: &str) -> Result<ctnr_model::container::EntryKind, JobError> {
        let path = ctnr_model::container::Win32Path::parse(program)
            .ok()
            .and_then(|path| paths::on_linux(&path));
        let head = match path {
            Some(path) => hives::bytes(self.files, &path, pe::HEAD).await?,
            None => None,
        };
        Ok(pe::kind(&head.unwrap_or_default()))
    }
}

fn tell(context: &JobContext, done: u64, message: &str) {
    context.progress(JobProgress {
        done,
        total: Some(100),
        message: message.to_owned(),
    });
}

/// A message with the end of an installer's output, where it has put anything out.
fn with_log(message: String, log: &str) -> String {
    let log = log.trim();
    let from = log.len().saturating_sub(SHOWN);
    let shown = (from..log.len()).find_map(|at| log.get(at..));
    match shown {
        Some(shown) => format!("{message}; its last words: {}", shown.replace('\n', " / ")),
        None => message,
    }
}

fn gone() -> AppError {
    AppError::Conflict("the container was changed or deleted while the installer ran".to_owned())
}

/// What a job shows that has made a capture.
fn result(made: &CaptureRow) -> JobResult {
    let document: CaptureDocument = serde_json::from_str(&made.document)
        .map_err(|error| JobError::Failed(format!("the record of it can't be read: {error}")))?;
    Ok(serde_json::json!({
        "layer": made.layer,
        "kind": document.kind,
        "products": document.products,
        "programs": document.programs,
        "left_running": document.left_running,
        "registry_keys": document.registry.changes.len(),
    }))
}
