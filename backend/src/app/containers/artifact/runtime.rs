//! Which runtime a container of an artifact gets.

use ctnr_engine::SandboxEngine;
use ctnr_wine::layout;

use super::config::RuntimeFacts;
use crate::app::containers::{Container, RuntimeId};
use crate::app::{App, AppError, Result};

impl App {
    /// What is told of the runtime of an exported container.
    pub(super) async fn runtime_facts(
        &self,
        engine: &dyn SandboxEngine,
        row: &Container,
    ) -> Result<RuntimeFacts> {
        let runtime = &row.runtime;
        let details = engine.images().inspect(&runtime.digest.to_string()).await?;
        Ok(RuntimeFacts {
            name: runtime.name.clone(),
            digest: runtime.digest.clone(),
            recipe: details.summary.labels.get(layout::RECIPE_LABEL).cloned(),
        })
    }

    /// The runtime of this host that an artifact was made on, or one of the same recipe; the one
    /// that the caller names, where one is named.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where there is none, with the way to have one.
    pub(super) async fn runtime_for(
        &self,
        engine: &dyn SandboxEngine,
        wanted: &RuntimeFacts,
        named: Option<&str>,
    ) -> Result<RuntimeId> {
        if let Some(name) = named {
            return self.find_runtime(engine, Some(name)).await;
        }
        match self
            .find_runtime(engine, Some(&wanted.digest.to_string()))
            .await
        {
            Err(AppError::NotFound(_)) => {}
            found => return found,
        }
        let of_recipe = |labels: &std::collections::BTreeMap<String, String>| {
            wanted.recipe.is_some()
                && labels.get(layout::RECIPE_LABEL) == wanted.recipe.as_ref()
                && labels.contains_key(layout::RUNTIME_LABEL)
        };
        let images = engine.images().list().await?;
        match images.iter().find(|image| of_recipe(&image.labels)) {
            Some(image) => self.find_runtime(engine, Some(&image.id.to_string())).await,
            None => Err(AppError::NotFound(format!(
                "this host does not have the runtime that the artifact was made on ({}, {}), nor one of its recipe; build it with `ctnr runtime build` (POST /api/runtimes), import its image with `ctnr image import`, or name another runtime with --runtime, on which the program may behave otherwise; GET /api/runtimes lists those that are there",
                wanted.name, wanted.digest
            ))),
        }
    }
}
