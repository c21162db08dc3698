//! What a job is to the program: a type.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::{AppError, Result};
use crate::store::{NewJob, Priority};

/// A kind of job. The value is the payload; it is stored as JSON, and may be read by a later
/// version of the program.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// The word for it, as [`ctnr_model::JobKind`] takes it. It never changes.
    const KIND: &'static str;
    /// How often it may be begun.
    const MAX_ATTEMPTS: u32 = NewJob::MAX_ATTEMPTS;
    /// Who comes first.
    const PRIORITY: Priority = Priority::Normal;

    /// The row to put in the queue. Set `idempotency_key`, `host` and `container_id` in it as
    /// needed.
    ///
    /// # Errors
    /// Where the payload can't be written as JSON.
    fn to_row(&self) -> Result<NewJob> {
        let kind = Self::KIND.parse().map_err(AppError::from)?;
        Ok(NewJob {
            max_attempts: Self::MAX_ATTEMPTS,
            priority: Self::PRIORITY,
            ..NewJob::new(kind, self)?
        })
    }
}
