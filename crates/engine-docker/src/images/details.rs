//! What the daemon knows of an image.

use std::collections::BTreeMap;

use bollard::models::ImageInspect;
use ctnr_engine::{EngineError, ImageDetails, ImageSummary, Result};
use ctnr_model::{Architecture, ContainerPort, Digest, ImageConfig, ImageReference, Platform};
use jiff::Timestamp;

use super::name;
use crate::engine::Shared;
use crate::status::moment;

/// What stands where an image has no name.
const NO_NAME: &str = "<none>:<none>";

impl Shared {
    /// One image; `name` is in the daemon's form.
    pub(crate) async fn image_details(&self, name: &str) -> Result<ImageDetails> {
        let doing = format!("inspecting image {name}");
        let inspected = self
            .daemon
            .call(&doing, self.daemon.api().inspect_image(name))
            .await;
        details(name::found(name, inspected)?, &doing)
    }
}

fn details(image: ImageInspect, doing: &str) -> Result<ImageDetails> {
    let id = image
        .id
        .as_deref()
        .and_then(name::digest)
        .ok_or_else(|| EngineError::internal(doing, "the daemon's answer has no image id"))?;
    let platform = format!(
        "{}/{}",
        image.os.as_deref().unwrap_or("linux"),
        image.architecture.as_deref().unwrap_or_default()
    );
    let config = config(image.config.unwrap_or_default());
    Ok(ImageDetails {
        summary: ImageSummary {
            id,
            references: references(image.repo_tags.unwrap_or_default()),
            created: image.created.as_deref().and_then(moment),
            size: size(image.size),
            labels: config.labels.clone(),
        },
        manifest: image
            .repo_digests
            .iter()
            .flatten()
            .find_map(|text| Digest::parse(text.rsplit_once('@')?.1).ok()),
        platform: Platform::parse(&platform).unwrap_or(Platform {
            architecture: Architecture::HOST,
        }),
        config,
        diff_ids: image
            .root_fs
            .and_then(|root| root.layers)
            .iter()
            .flatten()
            .filter_map(|layer| Digest::parse(layer).ok())
            .collect(),
    })
}

/// An image as lists show it; `None` where its id can't be read.
pub(super) fn summary(image: bollard::models::ImageSummary) -> Option<ImageSummary> {
    Some(ImageSummary {
        id: name::digest(&image.id)?,
        references: references(image.repo_tags),
        created: Timestamp::from_second(image.created)
            .ok()
            .filter(|created| created.as_second() > 0),
        size: size(Some(image.size)),
        labels: image.labels.into_iter().collect(),
    })
}

fn references(tags: Vec<String>) -> Vec<ImageReference> {
    tags.iter()
        .filter(|tag| *tag != NO_NAME)
        .filter_map(|tag| ImageReference::parse(tag).ok())
        .collect()
}

fn size(size: Option<i64>) -> u64 {
    size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0)
}

fn config(config: bollard::models::ImageConfig) -> ImageConfig {
    ImageConfig {
        entrypoint: config.entrypoint.unwrap_or_default(),
        cmd: config.cmd.unwrap_or_default(),
        env: config.env.unwrap_or_default(),
        workdir: config.working_dir.unwrap_or_default(),
        user: config.user.unwrap_or_default(),
        exposed_ports: config
            .exposed_ports
            .iter()
            .flatten()
            .filter_map(|port| ContainerPort::parse(port).ok())
            .collect(),
        volumes: config.volumes.into_iter().flatten().collect(),
        labels: config
            .labels
            .map_or_else(BTreeMap::new, |labels| labels.into_iter().collect()),
        stop_signal: config.stop_signal.filter(|signal| !signal.is_empty()),
    }
}
