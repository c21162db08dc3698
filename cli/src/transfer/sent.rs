//! How the sending of an archive ended, which both of its ends know a part of.

use ctnr_client::ClientError;
use tokio::task::JoinHandle;

use super::Copied;
use crate::error::{CliError, Result};

/// What came of sending an archive that was [packed](super::pack) meanwhile.
pub(crate) async fn sent<T>(
    sent: ctnr_client::Result<T>,
    packing: JoinHandle<Result<Copied>>,
) -> Result<(T, Copied)> {
    let packed = packing
        .await
        .map_err(|error| CliError::local("packing", "the archive", error.into()))?;
    match (sent, packed) {
        // Where both failed, the backend has refused what then could not be sent, or the archive
        // broke off, which the backend does not know the cause of.
        (Err(ClientError::Refused(error)), _) => Err(ClientError::Refused(error).into()),
        (_, Err(error)) => Err(error),
        (Err(error), _) => Err(error.into()),
        (Ok(value), Ok(copied)) => Ok((value, copied)),
    }
}
