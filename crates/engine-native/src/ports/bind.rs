//! Taking ports of the host.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;

use ctnr_model::{ContainerPort, PortRequest, Protocol};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind as bind_socket, listen, sockopt};

use super::PortError;
use super::listener::{Listener, Socket};

/// How many connections the kernel keeps while they wait to be accepted.
const BACKLOG: i32 = 1024;
/// How many free ports of IPv4 are tried until IPv6 has the same one free as well.
const ATTEMPTS: usize = 64;

/// Takes the ports that were asked for, all or none.
///
/// Without an address, a port is taken on 127.0.0.1 and on ::1, with the same number; on IPv4 alone
/// where the host has no IPv6. Without a number, a free one is taken. To have a number again after
/// a restart, ask for it. The sockets don't block.
///
/// # Errors
/// [`PortError`] naming the port that could not be had.
pub fn bind(requests: &[PortRequest]) -> Result<Vec<Listener>, PortError> {
    let mut listeners = Vec::with_capacity(requests.len() * 2);
    for request in requests {
        let (container, asked) = (request.container, request.host.port.unwrap_or(0));
        let taken = match request.host.address {
            Some(address) => open(container.protocol, SocketAddr::new(address, asked))
                .map(|opened| vec![opened])
                .map_err(|source| explain(container, Some(address), asked, source))?,
            None => open_loopback(container.protocol, asked)
                .map_err(|source| explain(container, None, asked, source))?,
        };
        listeners.extend(taken.into_iter().map(|(socket, host_port)| {
            Listener::new(container, request.host.address, host_port, socket)
        }));
    }
    Ok(listeners)
}

/// A port on both loopback addresses.
fn open_loopback(protocol: Protocol, asked: u16) -> io::Result<Vec<(Socket, u16)>> {
    let (v4, v6) = (
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    );
    for _ in 0..ATTEMPTS {
        let first = open(protocol, SocketAddr::new(v4, asked))?;
        match open(protocol, SocketAddr::new(v6, first.1)) {
            Ok(second) => return Ok(vec![first, second]),
            Err(error) if has_no_ipv6(&error) => return Ok(vec![first]),
            Err(error) if asked == 0 && error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

fn has_no_ipv6(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(libc::EAFNOSUPPORT)
}

fn open(protocol: Protocol, address: SocketAddr) -> io::Result<(Socket, u16)> {
    let family = if address.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let kind = match protocol {
        Protocol::Tcp => SocketType::STREAM,
        Protocol::Udp => SocketType::DGRAM,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket: OwnedFd = rustix::net::socket_with(family, kind, flags, None)?;
    if address.is_ipv6() {
        // Otherwise `::` would take the port of IPv4 as well.
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    match protocol {
        Protocol::Tcp => {
            // Lets a restart have the port while closed connections to it linger. A second
            // listener is refused all the same; for UDP it would not be.
            sockopt::set_socket_reuseaddr(&socket, true)?;
            bind_socket(&socket, &address)?;
            listen(&socket, BACKLOG)?;
            let listener = TcpListener::from(socket);
            let port = listener.local_addr()?.port();
            Ok((Socket::Tcp(listener), port))
        }
        Protocol::Udp => {
            bind_socket(&socket, &address)?;
            let socket = UdpSocket::from(socket);
            let port = socket.local_addr()?.port();
            Ok((Socket::Udp(socket), port))
        }
    }
}

fn explain(
    container: ContainerPort,
    address: Option<IpAddr>,
    host_port: u16,
    source: io::Error,
) -> PortError {
    match (source.kind(), address) {
        (io::ErrorKind::AddrInUse, _) if host_port != 0 => PortError::Taken {
            container,
            host_port,
        },
        (io::ErrorKind::PermissionDenied, _) => PortError::Reserved {
            container,
            host_port,
        },
        (io::ErrorKind::AddrNotAvailable, Some(address)) => {
            PortError::AddressUnavailable { container, address }
        }
        _ => PortError::Socket { container, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::published;

    fn request(text: &str) -> PortRequest {
        text.parse().unwrap()
    }

    #[test]
    fn a_free_port_is_the_same_on_both_addresses() {
        let listeners = bind(&[request("3000/tcp"), request("53/udp")]).unwrap();
        let ports = published(&listeners);
        assert_eq!(ports.len(), 2);
        for (port, protocol) in ports.iter().zip([Protocol::Tcp, Protocol::Udp]) {
            assert_eq!(port.container.protocol, protocol);
            assert_ne!(port.host_port, 0);
            assert_eq!(port.address, None);
            let sockets = listeners.iter().filter(|listener| listener.port == *port);
            let addresses: Vec<_> = sockets
                .map(|listener| match &listener.socket {
                    Socket::Tcp(socket) => socket.local_addr().unwrap(),
                    Socket::Udp(socket) => socket.local_addr().unwrap(),
                })
                .collect();
            assert!(
                addresses
                    .iter()
                    .all(|address| address.port() == port.host_port)
            );
            assert!(addresses.iter().all(|address| address.ip().is_loopback()));
        }
    }

    #[test]
    fn a_taken_port_is_named() {
        for protocol in ["tcp", "udp"] {
            let first = bind(&[request(&format!("80/{protocol}"))]).unwrap();
            let host_port = first[0].port.host_port;
            let again = [request(&format!("{host_port}:81/{protocol}"))];
            match bind(&again) {
                Err(PortError::Taken {
                    container,
                    host_port: taken,
                }) => {
                    assert_eq!((container.port, taken), (81, host_port));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_restart_has_the_same_number() {
        for protocol in ["tcp", "udp"] {
            // Any program on the machine may be given the number in between.
            let had = (0..5).any(|_| {
                let first = bind(&[request(&format!("80/{protocol}"))]).unwrap();
                let host_port = first[0].port.host_port;
                drop(first);
                let again = bind(&[request(&format!("{host_port}:80/{protocol}"))]);
                again.is_ok_and(|again| published(&again)[0].host_port == host_port)
            });
            assert!(had, "{protocol}");
        }
    }

    #[test]
    fn ipv6_alone_being_taken_is_seen() {
        let blocker = TcpListener::bind("[::1]:0").unwrap();
        let host_port = blocker.local_addr().unwrap().port();
        let error = bind(&[request(&format!("{host_port}:80"))]).unwrap_err();
        assert!(matches!(error, PortError::Taken { .. }), "{error}");
    }

    #[test]
    fn the_same_port_twice_is_refused() {
        let free = published(&bind(&[request("80")]).unwrap())[0].host_port;
        let twice = [
            request(&format!("{free}:80")),
            request(&format!("{free}:81")),
        ];
        assert!(matches!(bind(&twice), Err(PortError::Taken { .. })));
    }

    #[test]
    fn an_address_is_taken_alone() {
        let listeners = bind(&[request("127.0.0.1::80"), request("[::]::80/udp")]).unwrap();
        assert_eq!(listeners.len(), 2);
        let error = bind(&[request("203.0.113.77::80")]).unwrap_err();
        assert!(
            matches!(error, PortError::AddressUnavailable { .. }),
            "{error}"
        );
    }
}
