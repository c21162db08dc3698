//! What a manifest means on a host: manifest + layers + target → [`MountPlan`].
//!
//! Everything here is pure: the same input gives the same plan, byte for byte as JSON. What a
//! plan says is done by the agent.
#![warn(missing_docs)]

mod drives;
mod entries;
mod environment;
mod error;
mod folders;
mod layers;
mod linux;
mod lookup;
mod plan;
mod redirect;
mod registry;
#[cfg(feature = "schema")]
pub mod schema;
mod target;
mod windows;

pub use error::PlanError;
pub use layers::resolve_layers;
pub use lookup::{Lookup, Names, Undecided, look_up};
pub use plan::{
    LinuxDrive, LinuxPlan, MountPlan, PlannedEntry, PlannedFileType, TargetPlan, WindowsLayer,
    WindowsPlan,
};
pub use redirect::{PathRedirect, redirect_for};
pub use registry::{RegistryPlace, RegistryRule, rule_for};
pub use target::{LinuxTarget, PlanInput, Target, WindowsTarget};

/// Works out the plan.
///
/// # Errors
/// [`PlanError`] where the manifest asks for what the target can't or may not give.
pub fn plan(input: &PlanInput<'_>, target: &Target) -> Result<MountPlan, PlanError> {
    match target {
        Target::Linux(target) => linux::plan(input, target),
        Target::Windows(target) => windows::plan(input, target),
    }
}
