//! Sandboxes as the use cases take and give them.

use ctnr_model::{
    Digest, EngineKind, ImageReference, Labels, Limits, NetworkMode, PortRequest, ProcessOverrides,
    PublishedPort, SandboxName, SandboxSpec, SandboxStatus,
};
use jiff::Timestamp;

use crate::store::SandboxRow;

/// A sandbox to make.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSandbox {
    /// The image, which the engine has to have.
    pub image: ImageReference,
    /// The name; one is made up where it is missing.
    pub name: Option<SandboxName>,
    /// What is changed of the image's process.
    pub process: ProcessOverrides,
    /// Ports to publish.
    pub ports: Vec<PortRequest>,
    /// The user's labels.
    pub labels: Labels,
    /// Limits on the use of the host.
    pub limits: Limits,
    /// What the sandbox reaches.
    pub network: NetworkMode,
    /// The engine; the default one where it is missing.
    pub engine: Option<EngineKind>,
}

impl NewSandbox {
    /// A sandbox of an image, with the defaults in everything else.
    pub fn of(image: ImageReference) -> Self {
        Self {
            image,
            name: None,
            process: ProcessOverrides::default(),
            ports: Vec::new(),
            labels: Labels::new(),
            limits: Limits::default(),
            network: NetworkMode::default(),
            engine: None,
        }
    }
}

/// A sandbox that exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Sandbox {
    /// What was asked for.
    pub spec: SandboxSpec,
    /// The engine that runs it.
    pub engine: EngineKind,
    /// Its state.
    pub status: SandboxStatus,
    /// Where its ports answer while it runs; a stopped one keeps the numbers for its next start.
    pub ports: Vec<PublishedPort>,
    /// The digest of the image's configuration.
    pub image_id: Option<Digest>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl From<SandboxRow> for Sandbox {
    fn from(row: SandboxRow) -> Self {
        Self {
            spec: row.spec,
            engine: row.engine,
            status: row.status,
            ports: row.ports,
            image_id: row.image_id,
            created_at: row.created_at,
        }
    }
}
