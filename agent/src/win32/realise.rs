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
