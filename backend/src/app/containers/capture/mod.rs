//! Capturing an installer: it runs in the container, and what it leaves becomes the program.
//!
//! ```text
//!  request ─▶ job: live data frozen ─▶ mark ─▶ session up ─▶ installer, its children ─▶ session down
//!                                       │                          │ fails, is called off, is killed
//!                                       │                          ▼
//!                                       │                 sandbox dropped, mark taken off
//!                                       ▼
//!                          registry compared, programs found ─▶ frozen: layer, manifest, capture
//! ```
//!
//! The mark in the container's row keeps everybody else from changing it, over the end of this
//! process too. Whatever goes wrong before the layer is there, the container holds what it held.

mod found;
mod hives;
mod job;
mod pe;
mod place;
mod programs;
mod run;

use std::time::Duration;

use ctnr_capture::registry::Delta;
use ctnr_capture::{InstallerKind, Product, Sniffer};
use ctnr_model::{ContainerId, ContainerQuery, JobId, LayerId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;

pub use self::job::CaptureContainer;
pub use self::programs::FoundProgram;
use super::Container;
use super::find::must_be_whole;
use crate::app::locks::Locked;
use crate::app::{App, AppError, Result, UploadId};
use crate::jobs::Job;
use crate::store::{CaptureRow, ContainerChange, JobRow, tell_container};
use ctnr_model::EventAction;

/// How long an installer may take, where nothing else is said, and at the most.
const TIMEOUT: Duration = Duration::from_secs(1_800);
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 3_600);

/// How long the programs are waited for that an installer leaves behind.
const SETTLE: Duration = Duration::from_secs(30);

/// The most arguments, and the longest of them.
const MAX_ARGUMENTS: usize = 256;
const MAX_ARGUMENT: usize = 8_192;

/// An installer to capture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CaptureRequest {
    /// The upload with its bytes.
    pub upload: String,
    /// The name of its file.
    pub name: String,
    /// Its kind, where it is not to be told from its bytes.
    pub kind: Option<String>,
    /// Its arguments, instead of those that make it ask nothing.
    pub arguments: Option<Vec<String>>,
    /// Whether a person drives it on the desktop, and says when it is done.
    pub by_hand: bool,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// How long programs that it leaves behind are waited for.
    pub settle: Option<Duration>,
}

/// What was found of an installer's work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaptureDocument {
    /// The installer's file.
    pub installer: String,
    /// Its kind.
    pub kind: InstallerKind,
    /// The arguments that it was given.
    pub arguments: Vec<String>,
    /// What it was left with: 0, or that the machine should be started anew.
    pub exit_code: i32,
    /// The end of what it has put out.
    pub log: String,
    /// The products that it registered.
    pub products: Vec<Product>,
    /// The programs that it brought.
    pub programs: Vec<FoundProgram>,
    /// Programs that it left running, which were ended.
    pub left_running: Vec<String>,
    /// What it changed of the registry.
    pub registry: Delta,
}

/// What an installer has left in a container.
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    /// The layer with its files.
    pub layer: LayerId,
    /// The job that made it.
    pub job: JobId,
    /// When.
    pub created_at: Timestamp,
    /// What was found.
    pub document: CaptureDocument,
}

impl App {
    /// Puts the job in the queue that captures an installer.
    pub async fn capture_container(
        &self,
        query: &ContainerQuery,
        request: CaptureRequest,
    ) -> Result<JobRow> {
        let row = self.container(query).await?;
        must_be_whole(&row)?;
        self.engine_of_container(&row)?;
        let upload = UploadId::parse(&request.upload)?;
        let name = place::file_name(&request.name)?;
        let kind = self.kind_of(&upload, request.kind.as_deref()).await?;
        let folder = place::folder_of(&name);
        let arguments = match request.arguments {
            Some(arguments) => checked(arguments)?,
            None if request.by_hand => Vec::new(),
            None => kind.silent_arguments(&folder).ok_or_else(|| {
                AppError::BadRequest(format!(
                    "{name} is a program of no kind of installer that is known; give the arguments that make it install without asking, or drive it by hand"
                ))
            })?,
        };
        let within = |field: &str, given: Option<Duration>, default: Duration| match given {
            Some(given) if given > MAX_TIMEOUT => Err(AppError::BadRequest(format!(
                "{field}: expected at most {} seconds",
                MAX_TIMEOUT.as_secs()
            ))),
            given => Ok(given.unwrap_or(default)),
        };
        let job = CaptureContainer {
            container: row.id.clone(),
            upload,
            name,
            kind,
            arguments,
            by_hand: request.by_hand,
            timeout: within("timeout", request.timeout, TIMEOUT)?,
            settle: within("settle", request.settle, SETTLE)?,
        };
        let mut job = job.to_row()?;
        job.host = Some(row.host.clone());
        job.container_id = Some(row.id.clone());
        Ok(self.enqueue_job(&job).await?.job)
    }

    /// Says that an installer that is driven by hand has done its work.
    pub async fn finish_capture(&self, query: &ContainerQuery) -> Result<()> {
        let row = self.container(query).await?;
        match self.inner.by_hand.lock().await.get(&row.id) {
            Some(finished) => {
                finished.cancel();
                Ok(())
            }
            None => Err(AppError::Conflict(format!(
                "no installer that is driven by hand runs in container {}",
                row.label()
            ))),
        }
    }

    /// What installers have left in a container, the lowest layer first.
    pub async fn container_captures(&self, query: &ContainerQuery) -> Result<Vec<Capture>> {
        let row = self.container(query).await?;
        let mut captures = Vec::new();
        for layer in &row.chain {
            if let Some(row) = self.inner.store.capture_of_layer(layer).await? {
                captures.push(read(row)?);
            }
        }
        Ok(captures)
    }

    /// The kind of an upload, as its bytes or the caller tell it.
    async fn kind_of(&self, upload: &UploadId, given: Option<&str>) -> Result<InstallerKind> {
        let mut file = self.open_upload(upload).await?;
        let mut sniffer = Sniffer::default();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let length = file.read(&mut buffer).await.map_err(|error| {
                AppError::Internal(format!("looking at the installer: {error}"))
            })?;
            if length == 0 || !sniffer.feed(&buffer[..length]) {
                break;
            }
        }
        let Some(kind) = sniffer.kind() else {
            return Err(AppError::BadRequest(
                "the file is no installer: it is neither a program of Windows nor an .msi; the files of an archive are put into a container by POST /api/layers".to_owned(),
            ));
        };
        match given {
            Some(word) => word
                .parse()
                .map_err(|error| AppError::BadRequest(format!("kind: {error}"))),
            None => Ok(kind),
        }
    }

    /// Puts a container back to what it held before a capture that came to nothing.
    async fn take_back_capture(
        &self,
        row: &mut Container,
        lock: &Locked<ContainerId>,
    ) -> Result<()> {
        // A layer that was begun is finished, or given back to the sandbox, by this.
        self.catch_up(row, lock).await?;
        if row.capture.take().is_none() {
            return Ok(());
        }
        let chain = row.chain.clone();
        let event = tell_container(row, EventAction::Update);
        self.put_back(row, chain, event, lock).await
    }

    /// The same, where the job is over that should have done it.
    pub(super) async fn take_back_orphaned_capture(
        &self,
        row: &mut Container,
        lock: &Locked<ContainerId>,
    ) -> Result<()> {
        let Some(job) = &row.capture else {
            return Ok(());
        };
        let job = self.inner.store.job(job).await?;
        if job.is_some_and(|job| !job.state.is_over()) {
            return Ok(());
        }
        tracing::info!(container = %row.label(), "taking back a capture whose job is over");
        self.take_back_capture(row, lock).await
    }

    /// Marks a container as being captured by a job.
    async fn mark_capture(&self, row: &mut Container, job: &JobId) -> Result<()> {
        row.capture = Some(job.clone());
        let change = ContainerChange {
            events: vec![tell_container(row, EventAction::Update)],
            ..ContainerChange::default()
        };
        Ok(self.inner.store.change_container(row, change).await?)
    }
}

pub(in crate::app::containers) fn read(row: CaptureRow) -> Result<Capture> {
    let document = serde_json::from_str(&row.document).map_err(|error| {
        AppError::Internal(format!(
            "the record of capture {} can't be read: {error}",
            row.layer.short()
        ))
    })?;
    Ok(Capture {
        layer: row.layer,
        job: row.job,
        created_at: row.created_at,
        document,
    })
}

fn checked(arguments: Vec<String>) -> Result<Vec<String>> {
    let is_odd = |word: &String| word.contains('\0') || word.len() > MAX_ARGUMENT;
    if arguments.len() > MAX_ARGUMENTS || arguments.iter().any(is_odd) {
        return Err(AppError::BadRequest(format!(
            "arguments: expected at most {MAX_ARGUMENTS}, none with a NUL or longer than {MAX_ARGUMENT} bytes"
        )));
    }
    Ok(arguments)
}
