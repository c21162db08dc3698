//! Removing the images that nothing uses.

use std::collections::BTreeSet;
use std::time::Duration;

use bollard::query_parameters::ListContainersOptions;
use ctnr_engine::{EngineError, InUse, Pruned, Result};
use ctnr_model::Digest;

use super::name;
use crate::engine::Shared;

/// How much longer than a control call the daemon may count its disk usage.
const COUNTING: Duration = Duration::from_secs(120);

impl Shared {
    /// Removes images without a name, or with `all` every one, but for those that a container of
    /// this daemon or a sandbox uses.
    pub(super) async fn prune_images(&self, all: bool, in_use: &InUse) -> Result<Pruned> {
        let used: BTreeSet<Digest> = self
            .daemon
            .call(
                "listing containers",
                self.daemon
                    .api()
                    .list_containers(Some(ListContainersOptions {
                        all: true,
                        ..ListContainersOptions::default()
                    })),
            )
            .await?
            .into_iter()
            .filter_map(|container| name::digest(&container.image_id?))
            .collect();
        let before = self.layers_size().await;
        let mut pruned = Pruned::default();
        for image in self.image_list().await? {
            let unwanted = all || image.references.is_empty();
            if !unwanted || used.contains(&image.id) || in_use.contains(&image.id) {
                continue;
            }
            let names: Vec<String> = match image.references.as_slice() {
                [] => vec![image.id.to_string()],
                references => references.iter().map(name::of).collect(),
            };
            let mut gone = true;
            for name in &names {
                match self.remove_name(name).await {
                    Ok(()) | Err(EngineError::ImageNotFound { .. }) => {}
                    // It came into use since, or another image is built on it.
                    Err(EngineError::Conflict(text)) => {
                        tracing::debug!(text, "image not pruned");
                        gone = false;
                    }
                    Err(error) => return Err(error),
                }
            }
            if gone {
                pruned.removed.push(image.id);
            }
        }
        if !pruned.removed.is_empty() {
            pruned.freed = before.saturating_sub(self.layers_size().await);
        }
        Ok(pruned)
    }

    /// The bytes of all layers; zero where the daemon does not say.
    async fn layers_size(&self) -> u64 {
        let doing = "counting the images' size";
        let counted = tokio::time::timeout(COUNTING, async {
            self.daemon
                .raw()
                .get(doing, "/system/df?type=image")
                .await?
                .json(doing)
                .await
        })
        .await;
        let json = match counted {
            Ok(Ok(json)) => json,
            _ => return 0,
        };
        [
            "/LayersSize",
            "/ImageUsage/TotalSize",
            "/ImagesDiskUsage/TotalSize",
        ]
        .iter()
        .find_map(|path| json.pointer(path)?.as_u64())
        .unwrap_or(0)
    }
}
