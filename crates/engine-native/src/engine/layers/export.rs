//! Layers that become archives.

use std::sync::Arc;

use bytes::Bytes;
use ctnr_engine::{EngineError, LayerExport, Result, Stream};
use ctnr_images::OwnedPack;
use ctnr_model::LayerId;
use futures::StreamExt;
use tokio_util::io::ReaderStream;

use crate::engine::Inner;
use crate::engine::images::engine_error;

/// How much of an archive is on its way at once, in bytes.
const CHUNK: usize = 256 * 1024;

/// Makes a tar of a layer; see the trait.
pub(in crate::engine) fn export(
    inner: &Arc<Inner>,
    id: &LayerId,
    export: LayerExport,
) -> Result<Stream<Result<Bytes>>> {
    // Nobody removes it meanwhile.
    let held = inner.layers.take(std::slice::from_ref(id))?;
    let missing = || EngineError::LayerNotFound(id.clone());
    let layer = held.stacked().pop().ok_or_else(missing)?;
    let options = OwnedPack {
        layer: layer.path,
        at: export.at,
        only: export.only,
    };
    let store = inner.store.clone();
    let (writer, reader) = tokio::io::duplex(CHUNK);
    let written = tokio::spawn(async move { store.pack_owned(options, writer).await });
    let content = ReaderStream::with_capacity(reader, CHUNK)
        .map(|piece| piece.map_err(|error| EngineError::internal("packing a layer", error)));
    let ending = futures::stream::once(written).filter_map(move |written| {
        // Held to the end of the stream, and not only until all was read.
        let _held = &held;
        let error = match written {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Err(engine_error(error))),
            Err(error) => Some(Err(EngineError::internal("packing a layer", error))),
        };
        std::future::ready(error)
    });
    Ok(content.chain(ending).boxed())
}
