//! Removing images.

use std::collections::HashMap;

use bollard::query_parameters::{ListContainersOptions, RemoveImageOptions};
use ctnr_engine::{EngineError, ImageDetails, InUse, Result};
use ctnr_model::{Digest, ImageReference};

use super::name;
use crate::engine::Shared;

impl Shared {
    /// Removes a name, and the image with its last; by id all its names.
    pub(super) async fn remove_image(&self, name: &str, in_use: &InUse) -> Result<()> {
        let checked = name::check(name)?;
        let image = name::found(name, self.image_details(&checked).await)?;
        let references = &image.summary.references;
        let named = ImageReference::parse(name)
            .ok()
            .filter(|reference| references.contains(reference));
        let is_last = named.is_none() || references.len() == 1;
        if is_last {
            self.refuse_in_use(name, &image, in_use).await?;
        }
        let names: Vec<String> = match &named {
            Some(reference) => vec![name::of(reference)],
            None if references.is_empty() => vec![image.summary.id.to_string()],
            None => references.iter().map(name::of).collect(),
        };
        for name in &names {
            self.remove_name(name).await?;
        }
        Ok(())
    }

    /// Removes one name of an image, or a nameless image.
    pub(super) async fn remove_name(&self, name: &str) -> Result<()> {
        let doing = format!("removing image {name}");
        let removed = self
            .daemon
            .call(
                &doing,
                self.daemon
                    .api()
                    .remove_image(name, None::<RemoveImageOptions>, None),
            )
            .await;
        name::found(name, removed).map(drop)
    }

    async fn refuse_in_use(&self, name: &str, image: &ImageDetails, in_use: &InUse) -> Result<()> {
        let id = &image.summary.id;
        let users = self.users_of(id).await?;
        if users.is_empty() && !in_use.contains(id) {
            return Ok(());
        }
        let by = if users.is_empty() {
            "a sandbox".to_owned()
        } else {
            users.join(", ")
        };
        Err(EngineError::Conflict(format!(
            "image {name} is in use by {by}; delete that first"
        )))
    }

    /// The names of the containers, ctnr's and others', that were made from an image.
    async fn users_of(&self, id: &Digest) -> Result<Vec<String>> {
        let options = ListContainersOptions {
            all: true,
            filters: Some(HashMap::from([(
                "ancestor".to_owned(),
                vec![id.to_string()],
            )])),
            ..ListContainersOptions::default()
        };
        let containers = self
            .daemon
            .call(
                "listing containers",
                self.daemon.api().list_containers(Some(options)),
            )
            .await?;
        Ok(containers
            .into_iter()
            .filter_map(|container| container.names?.into_iter().next())
            .map(|name| name.trim_start_matches('/').to_owned())
            .collect())
    }
}
