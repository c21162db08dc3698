//! What a sandbox does not reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use ctnr_model::{ContainerPort, NetworkMode, PortRequest};
use tokio::net::TcpStream;

use super::bench::{assert_unsupported, eventually};
use super::{Bench, Sandbox};
use crate::Capability;

/// Whether a program in the sandbox can connect.
async fn reaches(sandbox: &Sandbox, address: IpAddr, port: u16) -> bool {
    let script = format!("nc -w 2 {address} {port} < /dev/null");
    sandbox.sh(&script).await.status.code == 0
}

fn listener(address: impl Into<IpAddr>) -> Option<(TcpListener, u16)> {
    let listener = TcpListener::bind((address.into(), 0)).ok()?;
    let port = listener.local_addr().ok()?.port();
    listener.set_nonblocking(true).ok()?;
    Some((listener, port))
}

/// An address of this host that is not loopback, where it has one.
fn host_address() -> Option<IpAddr> {
    // Nothing is sent: connecting a datagram socket only chooses the address.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// The address of a sandbox in its own network.
async fn address(bench: &Bench, sandbox: &Sandbox) -> IpAddr {
    let inspection = bench
        .engine()
        .inspect(&sandbox.spec)
        .await
        .expect("an inspection");
    let network = inspection.network.expect("a network");
    let v4 = network
        .addresses
        .iter()
        .find(|(address, _)| address.is_ipv4());
    v4.expect("an address").0
}

/// A service on the host's loopback is not reached, by any of the names that a sandbox has for
/// its host.
pub async fn the_hosts_loopback_is_not_reached(bench: Bench) {
    let sandbox = bench.running().await;
    let (service, port) = listener(Ipv4Addr::LOCALHOST).expect("a listener");
    let inspection = bench
        .engine()
        .inspect(&sandbox.spec)
        .await
        .expect("an inspection");
    let gateways = inspection.network.expect("a network").gateways;
    let names = gateways
        .into_iter()
        .chain([Ipv4Addr::LOCALHOST.into()])
        .chain(host_address());
    for name in names {
        assert!(!reaches(&sandbox, name, port).await, "{name}:{port}");
    }
    assert!(service.accept().is_err(), "no one came");
    if let Some((service, port)) = listener(Ipv6Addr::LOCALHOST) {
        assert!(!reaches(&sandbox, Ipv6Addr::LOCALHOST.into(), port).await);
        assert!(service.accept().is_err(), "no one came");
    }
}

/// A sandbox reaches no port of another.
pub async fn sandboxes_do_not_reach_each_other(bench: Bench) {
    let server = bench.create(bench.script("nc -ll -p 7007 -e cat")).await;
    let other = bench.running().await;
    let at = address(&bench, &server).await;
    let port = ContainerPort::parse("7007").expect("a port");
    eventually("the server listens", || async {
        bench
            .engine()
            .connect(server.id(), port)
            .await
            .ok()
            .map(drop)
    })
    .await;
    assert!(reaches(&server, at, 7007).await, "it reaches itself");
    assert!(!reaches(&other, at, 7007).await, "another reaches it");
    assert_ne!(address(&bench, &other).await, at);
}

/// A sandbox without network has loopback and reaches nothing else.
pub async fn without_network_nothing_is_reached(bench: Bench) {
    let mut spec = bench.spec();
    spec.network = NetworkMode::None;
    let sandbox = bench.create(spec).await;
    let local = "nc -l -p 7007 -e echo here & sleep 0.5; nc -w 2 127.0.0.1 7007 < /dev/null";
    assert_eq!(sandbox.read(local).await, "here");
    let Some(host) = host_address() else {
        panic!(
            "this host has no address but loopback; give it one, so that the test can show something"
        );
    };
    let (service, port) = listener(Ipv4Addr::UNSPECIFIED).expect("a listener");
    let itself = TcpStream::connect(SocketAddr::new(host, port)).await;
    itself.expect("the host reaches its own service");
    service.accept().expect("the host came");
    assert!(!reaches(&sandbox, host, port).await);
    assert!(service.accept().is_err(), "the sandbox came");
}

/// Published ports of a sandbox without network answer, or are refused.
pub async fn ports_without_network(bench: Bench) {
    let mut spec = bench.script("nc -ll -p 7007 -e echo here");
    spec.network = NetworkMode::None;
    spec.ports = vec![PortRequest::parse("7007").expect("a port")];
    let made = bench.try_create(spec).await;
    if !bench.has(Capability::PortsWithoutEgress) {
        return assert_unsupported(made, Capability::PortsWithoutEgress);
    }
    let sandbox = made.expect("the sandbox is made");
    let port = sandbox.started.ports[0].host_port;
    eventually("the port answers", || async {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .ok()
            .map(drop)
    })
    .await;
    let host = host_address().expect("this host has an address but loopback");
    let (service, port) = listener(Ipv4Addr::UNSPECIFIED).expect("a listener");
    assert!(!reaches(&sandbox, host, port).await);
    assert!(service.accept().is_err(), "the sandbox came");
}
