//! Files that jobs of the backend work with.

use std::path::Path;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::context::Context;
use crate::error::{About, CliError, Result};
use crate::output;

/// The bytes that are sent at once: what a connection that breaks costs.
const PIECE: u64 = 8 << 20;

/// How often a piece is tried, and the pause between two tries.
const ATTEMPTS: u32 = 5;
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// Sends a file in pieces, each again where its connection breaks, and gives the upload's id.
pub(super) async fn send(path: &Path, quiet: bool, context: &Context) -> Result<String> {
    let failed = |error| CliError::local("reading", path.display().to_string(), error);
    let mut file = tokio::fs::File::open(path).await.map_err(failed)?;
    let size = file.metadata().await.map_err(failed)?.len();
    let upload = context.client.begin_upload().await?;
    let mut at = 0;
    let mut attempt = 0;
    while at < size {
        file.seek(std::io::SeekFrom::Start(at))
            .await
            .map_err(failed)?;
        let mut piece = Vec::new();
        (&mut file)
            .take(PIECE)
            .read_to_end(&mut piece)
            .await
            .map_err(failed)?;
        if piece.is_empty() {
            return Err(CliError::Usage(format!(
                "{} became shorter while it was read",
                path.display()
            )));
        }
        let sent = context
            .client
            .upload_piece(&upload.id, at, Bytes::from(piece))
            .await;
        match sent {
            Ok(there) => {
                (at, attempt) = (there.received, 0);
                if !quiet && size > PIECE {
                    output::note(&format!("sent {} %", at * 100 / size));
                }
            }
            Err(error) => {
                attempt += 1;
                if attempt >= ATTEMPTS {
                    return Err(error).about(&path.display().to_string());
                }
                tokio::time::sleep(PAUSE).await;
                // The piece may have arrived, in part or whole.
                if let Ok(there) = context.client.inspect_upload(&upload.id).await {
                    at = there.received;
                }
            }
        }
    }
    Ok(upload.id.clone())
}
