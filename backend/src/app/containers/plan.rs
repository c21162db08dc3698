//! Plans of containers: what the manifest means on a host.

use std::collections::BTreeMap;

use ctnr_agent::win32::{self, Realised};
use ctnr_model::container::{Bitness, EnvironmentName, KnownFolder, Manifest, Override};
use ctnr_model::container::{LayerSource, RuntimeReference};
use ctnr_model::{
    ContainerName, ContainerQuery, Digest, EnvVar, HostPath, ImageReference, LayerId,
};
use ctnr_plan::{MountPlan, PlanError, PlanInput, Target, plan, resolve_layers};
use ctnr_wine::layout;

use super::Container;
use super::folders::{is_below, refuse_shared_with_root};
use crate::app::{App, AppError, Result};

/// Which host a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanFor {
    /// This one, or one like it: Wine in a sandbox.
    Linux,
    /// A Windows host.
    Windows,
}

impl App {
    /// What a container means on a host, resolved.
    pub async fn plan_container(
        &self,
        query: &ContainerQuery,
        target: PlanFor,
    ) -> Result<MountPlan> {
        let row = self.container(query).await?;
        let target = match target {
            PlanFor::Linux => self.linux_target(&row.spec.folders)?,
            PlanFor::Windows => win32::windows_target(row.id.as_str())?,
        };
        plan_of(&row, &target)
    }

    /// What a container asks of its sandbox.
    pub(super) fn realised(&self, row: &Container) -> Result<Realised> {
        let plan = self.linux_plan(row)?;
        let mut realised = win32::realise(&plan, runtime_image(row)?)
            .map_err(|error| AppError::BadRequest(error.to_string()))?;
        refuse_shared_with_root(&realised.mounts)?;
        realised.limits = row.spec.limits;
        realised.network = row.spec.network;
        Ok(realised)
    }

    /// The plan that a container runs by here.
    pub(super) fn linux_plan(&self, row: &Container) -> Result<MountPlan> {
        plan_of(row, &self.linux_target(&row.spec.folders)?)
    }

    fn linux_target(&self, folders: &BTreeMap<String, HostPath>) -> Result<Target> {
        let allowed = self.real_host_folders();
        let folders = folders
            .iter()
            .map(|(name, path)| {
                // The setting may be another one than when the container was made.
                if !allowed.iter().any(|allowed| is_below(path, allowed)) {
                    return Err(self.not_allowed(name, path.as_str()));
                }
                Ok((known_folder(name)?, path.clone()))
            })
            .collect::<Result<_>>()?;
        Ok(win32::linux_target(folders, allowed)?)
    }
}

/// The manifest of a container as it is stored, with its overrides; an empty one where it has none.
pub(super) fn manifest_of(
    name: &ContainerName,
    text: Option<&str>,
    overrides: &[String],
) -> Result<Manifest> {
    let mut manifest = match text {
        Some(text) => Manifest::parse(text)
            .map_err(|error| AppError::BadRequest(format!("manifest: {error}")))?,
        None => Manifest::empty(
            name.clone(),
            Bitness::default(),
            RuntimeReference::parse(layout::IMAGE)?,
        ),
    };
    for (index, text) in overrides.iter().enumerate() {
        let wrong = |error| AppError::BadRequest(format!("overrides[{index}]: {error}"));
        let over = Override::parse(text).map_err(wrong)?;
        manifest = manifest.with(&over).map_err(wrong)?;
    }
    Ok(manifest)
}

/// The ids of a manifest's layers, the lowest first. Layers are named by their ids here; whether
/// they are there is seen when the container is recorded.
pub(super) fn layers_of(manifest: &Manifest) -> Result<Vec<LayerId>> {
    resolve_layers(manifest, |source| match source {
        LayerSource::Id(id) => Some(id.clone()),
        LayerSource::Digest(_) | LayerSource::Name(_) => None,
    })
    .map_err(fault)
}

/// The known folder of a name, with percent signs or without.
pub(super) fn known_folder(name: &str) -> Result<KnownFolder> {
    KnownFolder::from_name(name.trim_matches('%')).ok_or_else(|| {
        let names: Vec<&str> = KnownFolder::ALL
            .iter()
            .map(|folder| folder.name())
            .collect();
        AppError::BadRequest(format!(
            "folders: {name} is no known folder; expected one of {}",
            names.join(", ")
        ))
    })
}

/// Variables that a caller adds, as the sandbox has them.
pub(super) fn variables(env: &[EnvVar]) -> Result<BTreeMap<EnvironmentName, String>> {
    env.iter()
        .map(|var| {
            let name = EnvironmentName::parse(var.name())
                .map_err(|error| AppError::BadRequest(format!("env: {error}")))?;
            Ok((name, var.value().to_owned()))
        })
        .collect()
}

/// The image of a container's runtime, exactly that one whatever its name means by now.
fn runtime_image(row: &Container) -> Result<ImageReference> {
    let name = ImageReference::parse(&row.runtime.name)?;
    let place = format!("{}/{}", name.registry(), name.repository());
    Ok(ImageReference::parse(&format!(
        "{place}@{}",
        row.runtime.digest
    ))?)
}

fn plan_of(row: &Container, target: &Target) -> Result<MountPlan> {
    let spec = &row.spec;
    let manifest = manifest_of(&row.name, spec.manifest.as_deref(), &spec.overrides)?;
    plan_with(
        &manifest,
        &row.runtime.digest,
        &row.chain,
        &spec.env,
        target,
    )
}

fn plan_with(
    manifest: &Manifest,
    runtime: &Digest,
    layers: &[LayerId],
    env: &[EnvVar],
    target: &Target,
) -> Result<MountPlan> {
    let input = PlanInput {
        manifest,
        runtime,
        layers,
    };
    let mut plan = plan(&input, target).map_err(fault)?;
    plan.environment.extend(variables(env)?);
    Ok(plan)
}

fn fault(error: PlanError) -> AppError {
    match error {
        PlanError::NotAllowed { .. } => AppError::Forbidden(format!(
            "{error}. CONTAINERS_HOST_FOLDERS names the folders of this host that containers may be given; `folders` of the request says which is which known folder"
        )),
        PlanError::MissingLayers(_) => AppError::NotFound(error.to_string()),
        error => AppError::BadRequest(format!("manifest: {error}")),
    }
}
