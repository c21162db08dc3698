//! The backend itself.

use ctnr_api::{Health, Info};

use crate::{Answer, Client, Result};

impl Client {
    /// The backend's version and engines.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn info(&self) -> Result<Answer<Info>> {
        self.get(&["v1", "info"]).fetch().await
    }

    /// Whether the backend is ready.
    ///
    /// # Errors
    /// As for [`Client::info`].
    pub async fn health(&self) -> Result<Answer<Health>> {
        self.get(&["healthz"]).fetch().await
    }
}
