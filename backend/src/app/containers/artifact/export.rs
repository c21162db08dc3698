//! A container as an artifact.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use ctnr_engine::{EngineError, LayerExport, SandboxEngine, Stream};
use ctnr_images::artifact::{Artifact, ArtifactLayer, LayerKind, PackedLayer, write_artifact};
use ctnr_model::{ContainerQuery, LayerId};
use futures::{StreamExt, TryStreamExt};
use tokio_util::io::{ReaderStream, StreamReader};

use super::config::{ArtifactConfig, CaptureFacts};
use super::{names, place};
use crate::app::containers::Container;
use crate::app::containers::find::must_be_whole;
use crate::app::containers::plan::manifest_of;
use crate::app::{App, AppError, Result};
use crate::store::LayerBlob;

/// How much of an artifact is on its way at once, in bytes.
const CHUNK: usize = 256 * 1024;

/// A container on its way out.
pub struct Export {
    /// The name for its file.
    pub file: String,
    /// The bytes: an OCI image layout in a tar.
    pub content: Stream<Result<Bytes>>,
}

impl App {
    /// Makes an artifact of a container: its program, or with `with_data` what its user has made
    /// of it too. The container is stopped for that, and goes on with a further layer; without its
    /// data, it need not even be stopped.
    ///
    /// All of it is packed before the first byte comes, so that what goes wrong is an error and no
    /// broken file. Dropping the future, or the stream, ends it.
    pub async fn export_container(
        &self,
        query: &ContainerQuery,
        with_data: bool,
    ) -> Result<Export> {
        let row = self.exportable(query, with_data).await?;
        let engine = self.engine_of_container(&row)?;
        let mut layers = Vec::new();
        let mut described = Vec::new();
        for (number, id) in exported(&row, with_data).iter().enumerate() {
            let packed = self.pack_layer(&*engine, &row, number, id).await?;
            // A snapshot without changes, or with some outside of what is carried.
            if !packed.layer.is_empty() {
                described.push((id.clone(), packed.layer.clone()));
                layers.push(packed);
            }
        }
        let artifact = self.describe_container(&row, &described).await?;
        let (writer, reader) = tokio::io::duplex(CHUNK);
        let written = tokio::spawn(write_artifact(artifact, layers, writer));
        let failed = |error: &dyn std::fmt::Display| {
            AppError::Internal(format!("writing the artifact: {error}"))
        };
        let content = ReaderStream::with_capacity(reader, CHUNK)
            .map(move |piece| piece.map_err(|error| failed(&error)));
        let ending = futures::stream::once(written).filter_map(move |written| {
            std::future::ready(match written {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(Err(error.into())),
                Err(error) => Some(Err(failed(&error))),
            })
        });
        Ok(Export {
            file: format!("{}.ctnr", row.name),
            content: content.chain(ending).boxed(),
        })
    }

    /// The container, with its data in layers where that is to go along.
    pub(super) async fn exportable(
        &self,
        query: &ContainerQuery,
        with_data: bool,
    ) -> Result<Container> {
        let row = self.container(query).await?;
        must_be_whole(&row)?;
        if !with_data {
            return Ok(row);
        }
        let app = self.clone();
        self.change(async move {
            let lock = app.inner.container_locks.lock(&row.id).await;
            let mut row = app.container_by_id(&row.id).await?;
            must_be_whole(&row)?;
            app.down(&mut row, &lock).await?;
            app.freeze(&mut row, None, &lock).await?;
            Ok(row)
        })
        .await
    }

    /// Packs a layer of a container into a file without a name, and remembers what it is packed to.
    pub(super) async fn pack_layer(
        &self,
        engine: &dyn SandboxEngine,
        row: &Container,
        number: usize,
        id: &LayerId,
    ) -> Result<PackedLayer> {
        let scratch = self.inner.scratch.clone();
        tokio::fs::create_dir_all(&scratch).await.map_err(|error| {
            AppError::Internal(format!("making {}: {error}", scratch.display()))
        })?;
        let packed = pack(engine, id, kind_of(row, number), scratch).await?;
        self.remember(id, &packed.layer).await?;
        Ok(packed)
    }

    /// Remembers what a layer of a program is packed to. Who knows the digest of what a user has
    /// made shall not get it by naming that in an artifact of their own, so it is not remembered.
    pub(super) async fn remember(&self, id: &LayerId, layer: &ArtifactLayer) -> Result<()> {
        if layer.kind == LayerKind::Data {
            return Ok(());
        }
        let blob = LayerBlob {
            digest: layer.digest.clone(),
            size: layer.size,
            unpacked: layer.unpacked,
        };
        Ok(self.inner.store.record_blob(id, &blob).await?)
    }

    /// Says what a container is, of which these are the layers that hold something.
    pub(super) async fn describe_container(
        &self,
        row: &Container,
        layers: &[(LayerId, ArtifactLayer)],
    ) -> Result<Artifact> {
        let mut captures = Vec::new();
        for (number, (id, _)) in layers.iter().enumerate() {
            captures.extend(self.facts_of_capture(id, number).await?);
        }
        let spec = &row.spec;
        let mut manifest = manifest_of(&row.name, spec.manifest.as_deref(), &spec.overrides)?;
        manifest.layers.clear();
        let engine = self.engine_of_container(row)?;
        let runtime = self.runtime_facts(&*engine, row).await?;
        let config = ArtifactConfig::new(&manifest, runtime, captures)?;
        let annotations = config.annotations(&manifest);
        let described = layers.iter().map(|(_, layer)| layer.clone()).collect();
        Ok(Artifact::new(config.to_bytes()?, described, annotations)?)
    }

    /// What is known of a layer that an installer has written. Its output and its arguments, which
    /// may hold a licence's key, stay here.
    async fn facts_of_capture(&self, id: &LayerId, layer: usize) -> Result<Option<CaptureFacts>> {
        let Some(capture) = self.inner.store.capture_of_layer(id).await? else {
            return Ok(None);
        };
        let mut capture = crate::app::containers::capture::read(capture)?;
        capture.document.log.clear();
        capture.document.arguments.clear();
        Ok(Some(CaptureFacts {
            layer,
            job: capture.job,
            document: capture.document,
        }))
    }
}

/// What a layer of a container belongs to, by its place.
pub(super) fn kind_of(row: &Container, number: usize) -> LayerKind {
    match number < row.base {
        true => LayerKind::Program,
        false => LayerKind::Data,
    }
}

/// The layers of a container that are in its artifact.
pub(super) fn exported(row: &Container, with_data: bool) -> &[LayerId] {
    let count = match with_data {
        true => row.chain.len(),
        false => row.base.min(row.chain.len()),
    };
    &row.chain[..count]
}

/// Packs one layer.
async fn pack(
    engine: &dyn SandboxEngine,
    id: &LayerId,
    kind: LayerKind,
    scratch: PathBuf,
) -> Result<PackedLayer> {
    let export = LayerExport {
        at: place()?,
        only: names(),
    };
    let tar = engine.export_layer(id, export).await?;
    // The engine's error says more than that of whoever reads from it.
    let fault: Arc<OnceLock<EngineError>> = Arc::default();
    let told = Arc::clone(&fault);
    let tar = StreamReader::new(tar.map_err(move |error| {
        let message = error.to_string();
        let _ = told.set(error);
        io::Error::other(message)
    }));
    let packed = PackedLayer::pack(tar, kind, &scratch).await;
    packed.map_err(|error| {
        let fault = Arc::into_inner(fault).and_then(OnceLock::into_inner);
        fault.map_or_else(|| error.into(), AppError::from)
    })
}
