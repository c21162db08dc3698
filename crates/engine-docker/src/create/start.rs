//! Why a container did not start.

use bollard::errors::Error;
use bollard::query_parameters::StartContainerOptions;
use ctnr_engine::EngineError;
use ctnr_model::PublishedPort;

use crate::engine::Shared;
use crate::failure::{self, NotExecuted};
use crate::{network, ports};

/// The failure of a start, unread.
#[derive(Debug)]
pub(super) enum RawFailure {
    /// The daemon refused.
    Refused { status: u16, message: String },
    /// Anything else.
    Other(EngineError),
}

/// The failure of a start, by what can be done about it.
#[derive(Debug)]
pub(super) enum StartFailure {
    /// A host port is in use.
    PortTaken(PublishedPort),
    /// The daemon can't publish on `::1`.
    NoLoopbackV6,
    /// The network is gone.
    NoNetwork,
    /// The program was not executed.
    NotExecuted(NotExecuted),
    /// Anything else.
    Other(EngineError),
}

const DOING: &str = "starting the sandbox";

impl Shared {
    pub(super) async fn try_start(&self, container: &str) -> Result<(), RawFailure> {
        let call = self
            .daemon
            .api()
            .start_container(container, None::<StartContainerOptions>);
        let mut refusal = None;
        let result = self
            .daemon
            .call(DOING, async {
                call.await.inspect_err(|error| {
                    if let Error::DockerResponseServerError {
                        status_code,
                        message,
                    } = error
                    {
                        refusal = Some((*status_code, message.clone()));
                    }
                })
            })
            .await;
        result.map_err(|error| match refusal {
            Some((status, message)) => RawFailure::Refused { status, message },
            None => RawFailure::Other(error),
        })
    }
}

impl RawFailure {
    /// Reads the failure of a container with these ports.
    pub(super) fn classify(self, published: &[PublishedPort]) -> StartFailure {
        let (status, message) = match self {
            Self::Refused { status, message } => (status, message),
            Self::Other(error) => return StartFailure::Other(error),
        };
        if let Some(port) = ports::taken(&message, published) {
            StartFailure::PortTaken(port)
        } else if is_v6(&message) {
            StartFailure::NoLoopbackV6
        } else if network::is_missing(&message) {
            StartFailure::NoNetwork
        } else if let Some(reason) = NotExecuted::parse(&message) {
            StartFailure::NotExecuted(reason)
        } else {
            StartFailure::Other(failure::refused(DOING, status, &message))
        }
    }
}

impl StartFailure {
    /// The error for the caller; `program` is what was to be run.
    pub(super) fn into_error(self, program: &str) -> EngineError {
        match self {
            Self::PortTaken(port) => EngineError::PortTaken {
                container: port.container,
                host_port: port.host_port,
            },
            Self::NoLoopbackV6 => {
                EngineError::Unavailable("the daemon can't publish on IPv6 loopback".to_owned())
            }
            Self::NoNetwork => EngineError::internal(DOING, "its network is gone; try again"),
            Self::NotExecuted(reason) => reason.into_error(program),
            Self::Other(error) => error,
        }
    }
}

fn is_v6(message: &str) -> bool {
    let lower = message.to_ascii_lowercase();
    lower.contains("::1")
        && (lower.contains("cannot assign requested address")
            || lower.contains("address family not supported")
            || lower.contains("ipv6"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classify(message: &str) -> StartFailure {
        RawFailure::Refused {
            status: 500,
            message: message.to_owned(),
        }
        .classify(&[])
    }

    #[test]
    fn failures_are_told_apart() {
        assert!(matches!(
            classify("listen tcp6 [::1]:80: bind: cannot assign requested address"),
            StartFailure::NoLoopbackV6
        ));
        assert!(matches!(
            classify("network ctnr-0011 not found"),
            StartFailure::NoNetwork
        ));
        assert!(matches!(
            classify(
                "runc create failed: exec: \"x\": executable file not found in $PATH: unknown"
            ),
            StartFailure::NotExecuted(NotExecuted::Missing)
        ));
        assert!(matches!(classify("disk full"), StartFailure::Other(_)));
    }
}
