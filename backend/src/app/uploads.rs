//! Files that are sent in pieces, so that a connection that breaks costs a piece at most.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::fs::{self, DirBuilder, File, OpenOptions};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::sync::Mutex;

use super::{App, AppError, Result};

/// How long an upload is kept after its last piece.
const KEPT: Duration = Duration::from_secs(24 * 3_600);

/// How often those that are older are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);

/// The most bytes of an upload.
const MAX: u64 = 64 * 1024 * 1024 * 1024;

/// The most uploads at a time.
const MAX_COUNT: usize = 1_000;

/// The id of an upload: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UploadId(String);

impl UploadId {
    /// Reads an id.
    ///
    /// # Errors
    /// [`AppError::BadRequest`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 32 && text.bytes().all(is_digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(AppError::BadRequest(format!(
                "{text:?} is no upload's id; POST /api/uploads gives one"
            )))
        }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for UploadId {
    type Error = AppError;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<UploadId> for String {
    fn from(id: UploadId) -> Self {
        id.0
    }
}

/// A file that is being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The id.
    pub id: UploadId,
    /// How many bytes are there: where the next piece begins.
    pub received: u64,
}

/// The uploads of a host.
pub(super) struct Uploads {
    folder: PathBuf,
    /// Held while a piece is written to one of them, and while old ones are removed.
    writing: Mutex<()>,
}

impl Uploads {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            writing: Mutex::default(),
        }
    }

    pub(super) fn path(&self, id: &UploadId) -> PathBuf {
        self.folder.join(id.as_str())
    }
}

impl App {
    /// Begins an upload.
    pub async fn begin_upload(&self) -> Result<Upload> {
        let uploads = &self.inner.uploads;
        let failed = |error| failed("beginning an upload", &error);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&uploads.folder)
            .await
            .map_err(failed)?;
        let mut count = 0;
        let mut entries = fs::read_dir(&uploads.folder).await.map_err(failed)?;
        while entries.next_entry().await.map_err(failed)?.is_some() {
            count += 1;
        }
        if count >= MAX_COUNT {
            return Err(AppError::Conflict(format!(
                "there are {MAX_COUNT} uploads already; delete some"
            )));
        }
        let id = UploadId(format!("{:032x}", rand::random::<u128>()));
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(uploads.path(&id))
            .await
            .map_err(failed)?;
        Ok(Upload { id, received: 0 })
    }

    /// How far an upload is.
    pub async fn upload(&self, id: &UploadId) -> Result<Upload> {
        match fs::metadata(self.inner.uploads.path(id)).await {
            Ok(metadata) => Ok(Upload {
                id: id.clone(),
                received: metadata.len(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing(id)),
            Err(error) => Err(failed("looking at an upload", &error)),
        }
    }

    /// Adds a piece that begins at `offset`, which is where the upload ends. What comes of it before
    /// it breaks off counts.
    pub async fn add_to_upload(
        &self,
        id: &UploadId,
        offset: u64,
        mut content: Box<dyn AsyncRead + Send + Unpin>,
    ) -> Result<Upload> {
        let uploads = &self.inner.uploads;
        let mut upload = self.upload(id).await?;
        let fault = |error| failed("writing an upload", &error);
        let mut file = OpenOptions::new()
            .write(true)
            .open(uploads.path(id))
            .await
            .map_err(fault)?;
        let mut buffer = vec![0; 256 * 1024];
        let mut at = offset;
        loop {
            let length = content.read(&mut buffer).await.map_err(|error| {
                AppError::BadRequest(format!("the piece broke off at {at}: {error}"))
            })?;
            // Between two reads another piece may have been written, by a caller who tries again.
            let _writing = uploads.writing.lock().await;
            upload.received = file.metadata().await.map_err(fault)?.len();
            if upload.received != at {
                return Err(AppError::Conflict(format!(
                    "offset: the upload has {} bytes, and this piece goes on at {at}; go on where it ends",
                    upload.received
                )));
            }
            if length == 0 {
                file.sync_data().await.map_err(fault)?;
                return Ok(upload);
            }
            if at + length as u64 > MAX {
                return Err(AppError::TooLarge(
                    "an upload has at most 64 GiB".to_owned(),
                ));
            }
            file.seek(io::SeekFrom::End(0)).await.map_err(fault)?;
            file.write_all(&buffer[..length]).await.map_err(fault)?;
            file.flush().await.map_err(fault)?;
            at += length as u64;
        }
    }

    /// Removes an upload.
    pub async fn delete_upload(&self, id: &UploadId) -> Result<()> {
        match fs::remove_file(self.inner.uploads.path(id)).await {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing(id)),
            Err(error) => Err(failed("removing an upload", &error)),
        }
    }

    /// The content of an upload.
    pub(super) async fn open_upload(&self, id: &UploadId) -> Result<File> {
        match File::open(self.inner.uploads.path(id)).await {
            Ok(file) => Ok(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing(id)),
            Err(error) => Err(failed("reading an upload", &error)),
        }
    }
}

/// Removes uploads that nobody has added to for long.
pub(super) async fn prune(app: App) {
    loop {
        if let Err(error) = prune_once(&app.inner.uploads).await
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "old uploads could not be removed");
        }
        tokio::select! {
            () = app.inner.stopping.cancelled() => return,
            () = tokio::time::sleep(PRUNE_EVERY) => {}
        }
    }
}

async fn prune_once(uploads: &Uploads) -> io::Result<()> {
    let mut entries = fs::read_dir(&uploads.folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        let _writing = uploads.writing.lock().await;
        let age = entry.metadata().await?.modified()?.elapsed();
        if age.is_ok_and(|age| age > KEPT) {
            fs::remove_file(entry.path()).await?;
        }
    }
    Ok(())
}

fn missing(id: &UploadId) -> AppError {
    AppError::NotFound(format!(
        "upload {} not found; those that are a day old are removed",
        id.as_str()
    ))
}

fn failed(doing: &str, error: &io::Error) -> AppError {
    let message = format!("{doing}: {error}");
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            AppError::Unavailable(format!("{message}; make room on the backend's disk"))
        }
        _ => AppError::Internal(message),
    }
}
