//! Import and export of image archives.

mod manifest;
mod oci;
mod plain;

use bollard::query_parameters::ImportImageOptions;
use bytes::Bytes;
use ctnr_engine::{EngineError, ImageProgress, Result, Stream};
use ctnr_model::ImageReference;
use futures::{StreamExt, TryStreamExt};
use tokio::io::AsyncRead;
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;

use super::name;
use crate::engine::Shared;
use crate::failure;

const CHUNK: usize = 64 * 1024;

impl Shared {
    pub(super) async fn import_images(
        &self,
        archive: Box<dyn AsyncRead + Send + Unpin>,
        progress: mpsc::Sender<ImageProgress>,
    ) -> Result<Vec<ImageReference>> {
        let doing = "importing images";
        let archive = oci::with_manifest(plain::plain(archive).await?);
        let mut done = 0;
        let body = ReaderStream::with_capacity(archive, CHUNK).inspect_ok(move |chunk| {
            done += chunk.len() as u64;
            // A reader that is behind, or gone, misses numbers that the next ones replace.
            let _ = progress.try_send(ImageProgress {
                subject: String::new(),
                phase: "unpacking".to_owned(),
                done,
                total: None,
            });
        });
        let options = ImportImageOptions {
            quiet: true,
            platform: None,
        };
        let mut told = self.daemon.api().import_image_stream(options, body, None);
        let mut loaded = Vec::new();
        while let Some(info) = told.next().await {
            let info = info.map_err(|error| bad_archive(failure::failed(doing, error)))?;
            loaded.extend(info.stream.iter().flat_map(|text| references(text)));
        }
        Ok(loaded)
    }

    pub(super) async fn export_images(&self, names: &[String]) -> Result<Stream<Result<Bytes>>> {
        if names.is_empty() {
            return Err(EngineError::BadRequest(
                "no image to export was named".to_owned(),
            ));
        }
        let mut query = Vec::with_capacity(names.len());
        for name in names {
            let checked = name::check(name)?;
            // The daemon would answer with half an archive.
            self.image_details(&checked).await?;
            query.push(format!("names={}", checked.replace('@', "%40")));
        }
        let doing = "exporting images";
        let path = format!("/images/get?{}", query.join("&"));
        let answer = self
            .daemon
            .raw_call(doing, self.daemon.raw().get(doing, &path))
            .await?;
        Ok(answer.bytes(doing))
    }
}

/// What is wrong with an archive is the caller's to mend, though the daemon calls it its own error.
fn bad_archive(error: EngineError) -> EngineError {
    match error {
        EngineError::Internal { cause, .. } => EngineError::BadRequest(format!(
            "the archive can't be imported: {cause}; expected what `docker save` or an OCI tool writes"
        )),
        error => error,
    }
}

/// The names in the daemon's sentence: `Loaded image: busybox:latest`.
fn references(text: &str) -> Vec<ImageReference> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("Loaded image"))
        .filter_map(|rest| rest.trim_start_matches("(s)").strip_prefix(": "))
        .filter_map(|name| ImageReference::parse(name.trim()).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loaded_names_are_read() {
        let read = |text| {
            references(text)
                .iter()
                .map(ImageReference::familiar)
                .collect::<Vec<_>>()
        };
        assert_eq!(read("Loaded image: busybox:latest\n"), ["busybox:latest"]);
        assert_eq!(
            read("Loaded image: a:1\nLoaded image: b:2\n"),
            ["a:1", "b:2"]
        );
        assert!(read("Loaded image ID: sha256:00\n").is_empty());
    }
}
