//! Connections to programs in sandboxes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use ctnr_engine::{Connection, EngineError, Inspection, Result};
use ctnr_model::{ContainerPort, Protocol, SandboxId};
use tokio::net::TcpStream;

use crate::engine::Shared;

/// How long a connection may take to be made; the peer is on this host.
const TIMEOUT: Duration = Duration::from_secs(10);

impl Shared {
    /// Connects to a TCP port of a sandbox: at its own address where the daemon's network is this
    /// host's, else through the port that is published.
    pub(crate) async fn connect(
        &self,
        id: &SandboxId,
        port: ContainerPort,
    ) -> Result<Box<dyn Connection>> {
        if port.protocol != Protocol::Tcp {
            return Err(EngineError::BadRequest(format!(
                "{port} is not a TCP port; only those can be connected to"
            )));
        }
        let inspection = self.inspect(id).await?;
        if !inspection.status.state.is_alive() {
            return Err(EngineError::NotRunning);
        }
        let target = target(&inspection, port).ok_or_else(|| {
            EngineError::Unavailable(format!(
                "{port} of the sandbox can't be reached from here; publish it when the sandbox is created"
            ))
        })?;
        let connected = tokio::time::timeout(TIMEOUT, TcpStream::connect(target)).await;
        match connected {
            Ok(Ok(stream)) => {
                // Small writes of interactive programs are not to wait for each other.
                stream
                    .set_nodelay(true)
                    .map_err(|error| EngineError::internal("connecting to the sandbox", error))?;
                Ok(Box::new(stream))
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Err(EngineError::Unavailable(format!(
                    "nothing listens on {port} in the sandbox; start the program, or wait until it is ready"
                )))
            }
            Ok(Err(error)) => Err(EngineError::Unavailable(format!(
                "connecting to {port} of the sandbox: {error}"
            ))),
            Err(_) => Err(EngineError::Timeout(format!(
                "connecting to {port} of the sandbox took too long"
            ))),
        }
    }
}

fn target(inspection: &Inspection, port: ContainerPort) -> Option<SocketAddr> {
    let network = inspection.network.as_ref();
    let is_here = network.is_some_and(|network| network.gateways.iter().any(|at| is_ours(*at)));
    let own = network
        .filter(|_| is_here)
        .and_then(|network| network.addresses.first())
        .map(|(address, _)| SocketAddr::new(*address, port.port));
    own.or_else(|| {
        let published = inspection
            .ports
            .iter()
            .find(|published| published.container == port)?;
        let address = match published.address {
            None => Ipv4Addr::LOCALHOST.into(),
            Some(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            Some(address) => address,
        };
        Some(SocketAddr::new(address, published.host_port))
    })
}

/// Whether the sandbox's gateway is an address of this host. Where it is not (a rootless daemon,
/// one in a virtual machine), the sandbox's address may be that of a stranger in the host's
/// network.
fn is_ours(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}
