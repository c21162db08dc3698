//! Why there is no plan.

use ctnr_model::Invalid;
use ctnr_model::container::{EnvironmentFault, EnvironmentName, LayerName, LayerSource};

/// A manifest asks for what a target can't or may not give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Layers that this host does not have.
    #[error(
        "this host does not have {}; import them, or leave them out of the manifest",
        .0.iter().map(|(name, source)| format!("layer {name} ({source})")).collect::<Vec<_>>().join(", ")
    )]
    MissingLayers(Vec<(LayerName, LayerSource)>),
    /// A folder of the host that containers are not let into.
    #[error("{field}: containers are not let into {source_folder} on this host; {hint}")]
    NotAllowed {
        /// Where the manifest asks for it.
        field: String,
        /// The folder of the host.
        source_folder: String,
        /// What to do.
        hint: String,
    },
    /// What this kind of target can't do.
    #[error("{field}: {reason}")]
    Unsupported {
        /// Where the manifest asks for it.
        field: String,
        /// Why it can't be done, and what to do instead.
        reason: String,
    },
    /// A variable that has no value.
    #[error("environment.{name}: {fault}")]
    Environment {
        /// The variable.
        name: EnvironmentName,
        /// Why.
        fault: EnvironmentFault,
    },
    /// A text that gets longer than Win32 takes.
    #[error("{field}: its text would be longer than {limit} characters with all tokens replaced")]
    TooLong {
        /// Where the manifest has it.
        field: String,
        /// The most characters.
        limit: usize,
    },
    /// A path that is none on this target.
    #[error("{field}: {invalid}")]
    Path {
        /// Where the manifest has it.
        field: String,
        /// Why.
        invalid: Invalid,
    },
}
