//! Published ports, and connections to others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use ctnr_model::{ContainerPort, PortRequest, PublishedPort, SandboxSpec};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::bench::{assert_unsupported, error, eventually, words};
use super::{Bench, Sandbox, echo};
use crate::{Capability, EngineError};

/// A sandbox whose program answers on port 7007 with what it was sent.
fn echoing(bench: &Bench, ports: &[&str]) -> SandboxSpec {
    let mut spec = bench.script("nc -ll -p 7007 -e cat");
    spec.ports = ports
        .iter()
        .map(|port| PortRequest::parse(port).expect("a port"))
        .collect();
    spec
}

/// Sends a line and reads it back.
async fn echoes(at: SocketAddr) -> bool {
    let answered = async {
        let mut stream = TcpStream::connect(at).await?;
        stream.write_all(b"hello\n").await?;
        let mut answer = [0; 6];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(answer == *b"hello\n")
    };
    let answered = tokio::time::timeout(Duration::from_secs(5), answered).await;
    matches!(answered, Ok(Ok(true)))
}

async fn answers(address: IpAddr, port: &PublishedPort) {
    let at = SocketAddr::new(address, port.host_port);
    eventually(&format!("{at} answers"), || async {
        echoes(at).await.then_some(())
    })
    .await;
}

fn published(sandbox: &Sandbox, port: &str) -> PublishedPort {
    let wanted = ContainerPort::parse(port).expect("a port");
    let mut found = sandbox.started.ports.iter();
    *found
        .find(|port| port.container == wanted)
        .expect("a published port")
}

fn host_has_v6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// A host port that is free at this moment.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// A port published without an address answers on both loopback addresses, each port on its own.
pub async fn a_tcp_port_answers_on_both_loopbacks(bench: Bench) {
    let sandbox = bench.create(echoing(&bench, &["7007/tcp", "7008"])).await;
    let port = published(&sandbox, "7007");
    assert_eq!(port.address, None);
    assert_ne!(port.host_port, published(&sandbox, "7008").host_port);
    answers(Ipv4Addr::LOCALHOST.into(), &port).await;
    if host_has_v6() {
        answers(Ipv6Addr::LOCALHOST.into(), &port).await;
    }
    let inspection = bench
        .engine()
        .inspect(&sandbox.spec)
        .await
        .expect("an inspection");
    assert_eq!(inspection.ports, sandbox.started.ports);
}

/// A UDP port answers.
pub async fn a_udp_port_answers(bench: Bench) {
    let mut spec = bench.spec();
    spec.ports = vec![PortRequest::parse(echo::PORT).expect("a port")];
    if !bench.has(Capability::UdpPorts) {
        return assert_unsupported(bench.try_create(spec).await, Capability::UdpPorts);
    }
    let image = echo::image();
    spec.image = bench.import(&image).await;
    spec.process.cmd = Some(words(&["/bin/echo-udp"]));
    let sandbox = bench.create(spec).await;
    let port = published(&sandbox, echo::PORT);
    let mut addresses = vec![IpAddr::from(Ipv4Addr::LOCALHOST)];
    if host_has_v6() {
        addresses.push(Ipv6Addr::LOCALHOST.into());
    }
    for address in addresses {
        let unspecified: IpAddr = match address {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((unspecified, 0)).await.expect("a socket");
        socket
            .connect((address, port.host_port))
            .await
            .expect("a peer");
        eventually(&format!("{address} answers"), || async {
            // A refusal of an earlier datagram is told by the next call.
            let _ = socket.send(b"hello").await;
            let mut answer = [0; 16];
            let received = socket.recv(&mut answer);
            match tokio::time::timeout(Duration::from_millis(500), received).await {
                Ok(Ok(5)) if answer.starts_with(b"hello") => Some(()),
                _ => None,
            }
        })
        .await;
    }
    bench.discard(&sandbox, &image).await;
}

/// A host port that was asked for is the one.
pub async fn a_fixed_port_is_that_port(bench: Bench) {
    let free = free_port();
    let mut sandbox = bench
        .create(echoing(&bench, &[&format!("{free}:7007")]))
        .await;
    assert_eq!(published(&sandbox, "7007").host_port, free);
    answers(Ipv4Addr::LOCALHOST.into(), &published(&sandbox, "7007")).await;
    sandbox.stop().await;
    sandbox.start().await;
    assert_eq!(published(&sandbox, "7007").host_port, free);
    answers(Ipv4Addr::LOCALHOST.into(), &published(&sandbox, "7007")).await;
    bench
        .engine()
        .delete(sandbox.id())
        .await
        .expect("it is deleted");
    TcpListener::bind((Ipv4Addr::LOCALHOST, free)).expect("the port is free again");
}

/// A port published on one address answers there and not elsewhere.
pub async fn an_address_is_that_address(bench: Bench) {
    let sandbox = bench.create(echoing(&bench, &["127.0.0.1::7007"])).await;
    let port = published(&sandbox, "7007");
    assert_eq!(port.address, Some(Ipv4Addr::LOCALHOST.into()));
    answers(Ipv4Addr::LOCALHOST.into(), &port).await;
    assert!(!echoes((Ipv6Addr::LOCALHOST, port.host_port).into()).await);
    assert!(!echoes((Ipv4Addr::new(127, 0, 0, 2), port.host_port).into()).await);
}

/// A host port that is taken, by a sandbox or anything else, is refused by its number, and
/// nothing is left.
pub async fn a_taken_port_is_refused(bench: Bench) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
    let taken = listener.local_addr().expect("an address").port();
    let sandbox = bench.create(echoing(&bench, &["7007"])).await;
    let sandboxs = published(&sandbox, "7007").host_port;
    for host_port in [taken, sandboxs] {
        let spec = echoing(&bench, &["7008", &format!("{host_port}:7007/tcp")]);
        match error(bench.try_create(spec).await) {
            EngineError::PortTaken {
                container,
                host_port: named,
            } => assert_eq!((container.port, named), (7007, host_port)),
            error => panic!("{host_port}: {error}"),
        }
        assert_eq!(bench.engine().list().await.expect("a list").len(), 1);
    }
    drop(listener);
}

/// Any TCP port of a running sandbox can be connected to, published or not.
pub async fn any_port_is_connected_to(bench: Bench) {
    let sandbox = bench.create(echoing(&bench, &[])).await;
    let port = ContainerPort::parse("7007").expect("a port");
    let engine = bench.engine();
    let mut connection = eventually("the program listens", || async {
        engine.connect(sandbox.id(), port).await.ok()
    })
    .await;
    connection
        .write_all(b"hello\n")
        .await
        .expect("it is written");
    let mut answer = [0; 6];
    connection
        .read_exact(&mut answer)
        .await
        .expect("it is read");
    assert_eq!(&answer, b"hello\n");
    drop(connection);
    let closed = ContainerPort::parse("7999").expect("a port");
    let error = error(engine.connect(sandbox.id(), closed).await);
    assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
}
