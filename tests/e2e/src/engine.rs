//! The engines that the tests run on.

/// An engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Linux alone.
    Native,
    /// A Docker daemon.
    Docker,
}

impl Engine {
    /// Its name in requests and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Docker => "docker",
        }
    }
}
