//! A plan as the parts of a sandbox's spec.

use ctnr_model::{
    EnvVar, HostMount, HostName, ImageReference, Invalid, LayerId, Limits, NetworkMode,
    ProcessOverrides,
};
use ctnr_plan::{MountPlan, TargetPlan};
use ctnr_wine::layout;

use super::drives;

/// Why a plan has no sandbox.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RealiseError {
    /// The plan is for another kind of host.
    #[error("the plan is for a Windows host: make one for this host, which runs Linux")]
    Target,
    /// A value of the plan has no place in a sandbox.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// What a plan asks of its sandbox. The id, the name and the labels are the caller's.
#[derive(Debug, Clone, PartialEq)]
pub struct Realised {
    /// The runtime.
    pub image: ImageReference,
    /// What is changed of the runtime's process: the environment, which all programs inherit.
    pub process: ProcessOverrides,
    /// The layers over the runtime, the lowest first.
    pub layers: Vec<LayerId>,
    /// Folders of the host.
    pub mounts: Vec<HostMount>,
    /// Limits on the use of the host.
    pub limits: Limits,
    /// What it reaches of the network.
    pub network: NetworkMode,
}

/// The sandbox of a plan, on the runtime `image`, which is the image of the plan's digest.
///
/// # Errors
/// [`RealiseError`] for a plan for Windows, and for values that Linux has no form for.
pub fn realise(plan: &MountPlan, image: ImageReference) -> Result<Realised, RealiseError> {
    let TargetPlan::Linux(linux) = &plan.target else {
        return Err(RealiseError::Target);
    };
    let mut env = plan
        .environment
        .iter()
        .map(|(name, value)| EnvVar::new(linux_name(name.as_str()), value))
        .collect::<Result<Vec<_>, _>>()?;
    env.extend(drives::variable(&linux.drives)?);
    // All programs have it, so that the desktop is on the display whichever of them opens the
    // first window.
    env.push(EnvVar::new("DISPLAY", layout::DISPLAY)?);
    Ok(Realised {
        image,
        process: ProcessOverrides {
            env,
            hostname: Some(HostName::parse(layout::HOSTNAME)?),
            ..ProcessOverrides::default()
        },
        layers: linux.layers.clone(),
        mounts: linux.mounts.clone(),
        limits: plan.limits,
        network: plan.network.mode(),
    })
}

/// The name of a variable on the Linux side. `PATH` there is where Linux looks for programs; Wine
/// takes that of Windows from another one.
fn linux_name(name: &str) -> &str {
    if name.eq_ignore_ascii_case("PATH") {
        "WINEPATH"
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ctnr_model::container::{
        Bitness, EnvironmentName, Manifest, RuntimeReference, TextTemplate, Win32Path,
    };
    use ctnr_model::{ContainerName, ContainerPath, Digest, FileOwner, NetworkMode};
    use ctnr_plan::{LinuxTarget, PlanInput, Target, WindowsTarget, plan};

    use super::*;

    fn planned(variables: &[(&str, &str)], target: &Target) -> (MountPlan, Vec<LayerId>) {
        let runtime = Digest::parse(&format!("sha256:{}", "a".repeat(64))).expect("a digest");
        let mut manifest = Manifest::empty(
            ContainerName::parse("test").expect("a name"),
            Bitness::X64,
            RuntimeReference::Digest(runtime.clone()),
        );
        for (name, value) in variables {
            let name = EnvironmentName::parse(name).expect("a name");
            let value = TextTemplate::parse(value).expect("a text");
            manifest.environment.insert(name, value);
        }
        let layers = vec![LayerId::from_random([1; 32]), LayerId::from_random([2; 32])];
        let input = PlanInput {
            manifest: &manifest,
            runtime: &runtime,
            layers: &layers,
        };
        (plan(&input, target).expect("a plan"), layers)
    }

    fn image() -> ImageReference {
        ImageReference::parse("wine:latest").expect("a reference")
    }

    #[test]
    fn a_plan_for_linux_is_a_sandbox() {
        let target = Target::Linux(LinuxTarget {
            prefix: ContainerPath::parse(layout::PREFIX).expect("a path"),
            user: layout::USER.to_owned(),
            owner: FileOwner {
                uid: 1000,
                gid: 1000,
            },
            folders: BTreeMap::new(),
            allowed: Vec::new(),
        });
        let (plan, layers) = planned(&[("MODE", "fast")], &target);
        let realised = realise(&plan, image()).expect("a sandbox");
        assert_eq!(realised.layers, layers);
        assert_eq!(realised.network, NetworkMode::Open);
        let hostname = realised.process.hostname.expect("a host name");
        assert_eq!(hostname.as_str(), layout::HOSTNAME);
        let shown = |env: &[EnvVar]| Vec::from_iter(env.iter().map(ToString::to_string));
        assert_eq!(shown(&realised.process.env), ["MODE=fast", "DISPLAY=:0"]);
        assert_eq!(linux_name("Path"), "WINEPATH");
        assert_eq!(linux_name("PATHEXT"), "PATHEXT");
    }

    #[test]
    fn a_plan_for_windows_is_none() {
        let path = |text| Win32Path::parse(text).expect("a path");
        let target = Target::Windows(WindowsTarget {
            store: path(r"C:\ctnr\store"),
            layers: path(r"C:\ctnr\layers"),
            user: "ana".to_owned(),
            folders: BTreeMap::new(),
            allowed: Vec::new(),
        });
        let (plan, _) = planned(&[], &target);
        assert_eq!(realise(&plan, image()), Err(RealiseError::Target));
    }
}
