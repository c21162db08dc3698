//! Limits that a manifest asks for.

use serde::{Serialize, Serializer};

use crate::{ByteSize, Cpus, Limits, PidLimit};

/// Limits on a container's use of the host. What is left out has a sandbox's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LimitRequest {
    /// Memory of all processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<ByteSize>,
    /// Processor time per unit of time.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "cores")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>))]
    pub cpus: Option<Cpus>,
    /// Processes and threads alive at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<u32>))]
    pub pids: Option<PidLimit>,
}

impl LimitRequest {
    /// The limits of the container's sandbox.
    pub fn limits(self) -> Limits {
        let default = Limits::default();
        Limits {
            memory: self.memory.or(default.memory),
            cpus: self.cpus.or(default.cpus),
            pids: self.pids.or(default.pids),
        }
    }

    /// These limits, with those of `over` in their place where it has them.
    #[must_use]
    pub fn overridden_by(self, over: Self) -> Self {
        Self {
            memory: over.memory.or(self.memory),
            cpus: over.cpus.or(self.cpus),
            pids: over.pids.or(self.pids),
        }
    }
}

/// A number of processors, as a manifest has it.
#[expect(clippy::ref_option, reason = "serde passes a reference")]
fn cores<S: Serializer>(cpus: &Option<Cpus>, serializer: S) -> Result<S::Ok, S::Error> {
    let cores = cpus.map(|cpus| cpus.nanos() as f64 / 1e9);
    cores.serialize(serializer)
}
