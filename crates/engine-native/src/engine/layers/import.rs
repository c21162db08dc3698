//! Archives that become layers.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use ctnr_engine::{EngineError, LayerArchive, Result};
use ctnr_images::{ImageError, OwnedUnpack};
use ctnr_model::LayerId;

use super::facts::Facts;
use crate::engine::Inner;
use crate::engine::images::engine_error;

/// Makes a layer of an archive; see the trait.
pub(in crate::engine) async fn import(
    inner: &Arc<Inner>,
    id: &LayerId,
    archive: LayerArchive,
) -> Result<()> {
    let (inner, id) = (Arc::clone(inner), id.clone());
    tokio::spawn(async move {
        let pending = inner.layers.begin(&id)?;
        let failed = |error: io::Error| EngineError::on_disk("making a layer", &error);
        let part = pending.part();
        inner.trash.throw(&part).map_err(failed)?;
        // As images' layers have them: the sandbox's own ids.
        let facts = Facts::new(inner.identity.shared_ids(), None, Vec::new());
        let unpacked = match prepare(&part, &facts) {
            Ok(()) => unpack(&inner, &part, archive).await,
            Err(error) => Err(failed(error)),
        };
        let made = unpacked.and_then(|()| {
            inner.trash.throw(&part.join("replaced")).map_err(failed)?;
            std::fs::rename(&part, pending.whole()).map_err(failed)
        });
        match made {
            Ok(()) => {
                pending.done(facts);
                Ok(())
            }
            Err(error) => {
                if let Err(left) = inner.trash.throw(&part) {
                    tracing::warn!(%left, "what was unpacked of an archive is left");
                }
                Err(error)
            }
        }
    })
    .await
    .map_err(|error| EngineError::internal("making a layer of an archive", error))?
}

fn prepare(part: &Path, facts: &Facts) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(part)?;
    facts.write(part)?;
    DirBuilder::new().mode(0o755).create(part.join("files"))?;
    DirBuilder::new().mode(0o700).create(part.join("replaced"))
}

async fn unpack(inner: &Inner, part: &Path, archive: LayerArchive) -> Result<()> {
    let options = OwnedUnpack {
        layer: part.join("files"),
        trash: part.join("replaced"),
        at: archive.at,
        owner: archive.owner,
        only: archive.only,
        most: archive.most,
    };
    let unpacked = inner.store.unpack_owned(archive.content, options).await;
    unpacked.map_err(|error| match error {
        // The sender's, who is told what it was.
        error @ ImageError::Cancelled { .. } => EngineError::BadRequest(error.to_string()),
        error => engine_error(error),
    })
}
