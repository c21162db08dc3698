//! Uploads in pieces, and captures of installers.

use bytes::Bytes;
use ctnr_api::{CaptureList, CaptureRequest, JobStarted, Upload, UploadPieceQuery};
use ctnr_model::ContainerQuery;

use crate::containers::below;
use crate::{Answer, Client, Result};

const UPLOADS: [&str; 2] = ["api", "uploads"];

impl Client {
    /// Begins to upload a file.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn begin_upload(&self) -> Result<Answer<Upload>> {
        self.post(&UPLOADS).fetch().await
    }

    /// How far an upload is.
    ///
    /// # Errors
    /// As for [`Client::begin_upload`].
    pub async fn inspect_upload(&self, id: &str) -> Result<Answer<Upload>> {
        self.get(&[UPLOADS[0], UPLOADS[1], id]).fetch().await
    }

    /// Sends a piece of a file, which begins where the upload ends.
    ///
    /// # Errors
    /// As for [`Client::begin_upload`].
    pub async fn upload_piece(
        &self,
        id: &str,
        offset: u64,
        piece: Bytes,
    ) -> Result<Answer<Upload>> {
        let piece = futures::stream::iter([Ok(piece)]);
        self.put(&[UPLOADS[0], UPLOADS[1], id])
            .query(&UploadPieceQuery { offset })?
            .body("application/octet-stream", piece)
            .fetch()
            .await
    }

    /// Removes an upload.
    ///
    /// # Errors
    /// As for [`Client::begin_upload`].
    pub async fn delete_upload(&self, id: &str) -> Result<()> {
        self.delete(&[UPLOADS[0], UPLOADS[1], id]).done().await
    }

    /// Has a job capture an installer in a container.
    ///
    /// # Errors
    /// As for [`Client::begin_upload`].
    pub async fn capture(
        &self,
        container: &ContainerQuery,
        request: &CaptureRequest,
    ) -> Result<Answer<JobStarted>> {
        self.post(&below(container, ["capture"]))
            .json(request)
            .fetch()
            .await
    }

    /// Says that an installer that is driven by hand has done its work.
    ///
    /// # Errors
    /// As for [`Client::begin_upload`].
    pub async fn finish_capture(&self, container: &ContainerQuery) -> Result<()> {
        self.post(&below(container, ["capture", "finish"]))
            .done()
            .await
    }

    /// What installers have left in a container.
    ///
    /// # Errors
    /// As for [`Client::begin_upload`].
    pub async fn list_captures(&self, container: &ContainerQuery) -> Result<Answer<CaptureList>> {
        self.get(&below(container, ["captures"])).fetch().await
    }
}
