//! Images in the shapes of Docker's answers.

use ctnr_api::{EmptyObject, ImageConfig, ImageDetails, ImageSummary, RootFs};
use ctnr_model::ImageReference;

fn names(references: &[ImageReference]) -> Vec<String> {
    references.iter().map(ImageReference::familiar).collect()
}

pub(super) fn summary(image: ctnr_engine::ImageSummary) -> ImageSummary {
    ImageSummary {
        id: image.id.to_string(),
        repo_tags: names(&image.references),
        created: image.created.map_or(0, |created| created.as_second()),
        size: image.size,
        labels: image.labels,
    }
}

pub(super) fn details(image: ctnr_engine::ImageDetails) -> ImageDetails {
    ImageDetails {
        id: image.summary.id.to_string(),
        repo_tags: names(&image.summary.references),
        created: image
            .summary
            .created
            .map(|created| created.to_string())
            .unwrap_or_default(),
        architecture: image.platform.architecture.as_str().to_owned(),
        os: "linux".to_owned(),
        size: image.summary.size,
        manifest_digest: image.manifest.map(|digest| digest.to_string()),
        config: config(image.config),
        root_fs: RootFs {
            kind: "layers".to_owned(),
            layers: image.diff_ids.iter().map(ToString::to_string).collect(),
        },
    }
}

fn config(config: ctnr_model::ImageConfig) -> ImageConfig {
    ImageConfig {
        user: config.user,
        exposed_ports: config
            .exposed_ports
            .iter()
            .map(|port| (port.to_string(), EmptyObject {}))
            .collect(),
        env: config.env,
        entrypoint: config.entrypoint,
        cmd: config.cmd,
        volumes: config
            .volumes
            .into_iter()
            .map(|path| (path, EmptyObject {}))
            .collect(),
        working_dir: config.workdir,
        labels: config.labels,
        stop_signal: config.stop_signal,
    }
}
