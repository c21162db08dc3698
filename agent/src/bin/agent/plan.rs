//! `agent plan`.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow, bail};
use ctnr_agent::win32;
use ctnr_model::container::{KnownFolder, LayerSource, Manifest, RuntimeReference};
use ctnr_model::{Digest, HostPath};
use ctnr_plan::{PlanError, PlanInput, plan, resolve_layers};

use crate::arguments::{Plan, PlanTarget};

/// The plan as JSON.
pub(crate) fn run(args: &Plan) -> anyhow::Result<String> {
    let path = args.manifest.display();
    let text =
        std::fs::read_to_string(&args.manifest).with_context(|| format!("reading {path}"))?;
    let manifest = Manifest::parse(&text).map_err(|error| anyhow!("{path}: {error}"))?;
    let layers = resolve_layers(&manifest, |source| match source {
        LayerSource::Id(id) => Some(id.clone()),
        LayerSource::Digest(_) | LayerSource::Name(_) => None,
    })
    .with_context(|| {
        format!("{path}: without a backend, layers are named by their ids (64 hexadecimal digits)")
    })?;
    let target = match args.target {
        PlanTarget::Linux => {
            let folders = folders(&args.folder)?;
            // Whoever names a folder by hand lets the container into it.
            let allowed = folders.values().cloned().collect();
            win32::linux_target(folders, allowed)?
        }
        PlanTarget::Windows if args.folder.is_empty() => {
            win32::windows_target(manifest.name.as_str())?
        }
        PlanTarget::Windows => {
            bail!("--folder is for --target linux; on Windows known folders are where Windows says")
        }
    };
    let input = PlanInput {
        manifest: &manifest,
        runtime: &runtime(args, &manifest)?,
        layers: &layers,
    };
    let plan = plan(&input, &target).map_err(|error| match error {
        PlanError::NotAllowed { .. } => anyhow!("{path}: {error} (--folder NAME=PATH, here)"),
        error => anyhow!("{path}: {error}"),
    })?;
    Ok(serde_json::to_string_pretty(&plan)? + "\n")
}

/// The runtime's digest, which is part of a plan.
fn runtime(args: &Plan, manifest: &Manifest) -> anyhow::Result<Digest> {
    match (&args.runtime, &manifest.runtime) {
        (Some(digest), _) | (None, RuntimeReference::Digest(digest)) => Ok(digest.clone()),
        (None, RuntimeReference::Image(name)) => bail!(
            "the manifest names the runtime {}, and which that is depends on the host; give --runtime DIGEST (`ctnr runtime ls` shows those of a backend)",
            name.familiar()
        ),
    }
}

/// `NAME=PATH`, each.
fn folders(texts: &[String]) -> anyhow::Result<BTreeMap<KnownFolder, HostPath>> {
    texts
        .iter()
        .map(|text| {
            let (name, folder) = text
                .split_once('=')
                .with_context(|| format!("--folder {text}: expected NAME=PATH"))?;
            let known = KnownFolder::from_name(name.trim_matches('%'))
                .with_context(|| format!("--folder {text}: {name} is no known folder"))?;
            let folder = HostPath::parse(folder).with_context(|| format!("--folder {text}"))?;
            Ok((known, folder))
        })
        .collect()
}
