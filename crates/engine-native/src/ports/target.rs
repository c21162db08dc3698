//! The inside end of published ports.

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Duration;

use rustix::net::{SocketType, connect, sockopt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::SocketOpener;
use crate::network::LinkPlan;

/// How long the sandbox may take to accept a connection. Its own kernel's queue answers, so only
/// a program that accepts nothing for a while makes anybody wait.
const CONNECT: Duration = Duration::from_secs(10);

/// A sandbox, as connections to its ports see it. Cheap to clone; for one thread.
#[derive(Debug, Clone)]
pub struct Target {
    opener: Rc<SocketOpener>,
    addresses: Rc<[IpAddr]>,
    /// The place in `addresses` at which a program answered last.
    answered: Rc<Cell<usize>>,
}

impl Target {
    /// A sandbox whose network namespace the caller may enter, which is root's right.
    #[must_use]
    pub fn new(netns: OwnedFd, link: Option<&LinkPlan>) -> Self {
        Self::through(SocketOpener::Namespace(netns), link)
    }

    /// A sandbox whose sockets are made in this way.
    #[must_use]
    pub fn through(opener: SocketOpener, link: Option<&LinkPlan>) -> Self {
        let mut addresses = Vec::with_capacity(4);
        if let Some(link) = link {
            // By its own address first, so that the program sees a peer that is not itself.
            addresses.push(IpAddr::V4(link.sandbox_v4()));
            // A program may listen on IPv6 only.
            addresses.extend(link.ipv6().map(|_| IpAddr::V6(link.sandbox_v6())));
        }
        addresses.push(IpAddr::V4(Ipv4Addr::LOCALHOST));
        addresses.push(IpAddr::V6(Ipv6Addr::LOCALHOST));
        Self {
            opener: Rc::new(opener),
            addresses: addresses.into(),
            answered: Rc::default(),
        }
    }

    /// Connects to a TCP port of a program in the sandbox: at the sandbox's address, where that
    /// refuses at 127.0.0.1, then at ::1. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The last address' error: [`io::ErrorKind::ConnectionRefused`] when nobody listens,
    /// [`io::ErrorKind::TimedOut`] when the program accepts nothing.
    pub async fn connect(&self, port: u16) -> io::Result<TcpStream> {
        let mut last = io::Error::from(io::ErrorKind::ConnectionRefused);
        for (place, address) in self.in_order() {
            match timeout(CONNECT, self.connect_at(SocketAddr::new(address, port))).await {
                Ok(Ok(stream)) => {
                    self.answered.set(place);
                    return Ok(stream);
                }
                // Whoever has a full queue listens, so there is no use in asking elsewhere.
                Err(_) => return Err(io::ErrorKind::TimedOut.into()),
                Ok(Err(error)) if error.raw_os_error().is_some_and(is_local_shortage) => {
                    return Err(error);
                }
                Ok(Err(error)) => last = error,
            }
        }
        Err(last)
    }

    async fn connect_at(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = self.opener.open(address.is_ipv6(), SocketType::STREAM)?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        let in_progress = match connect(&socket, &address) {
            Ok(()) => false,
            Err(rustix::io::Errno::INPROGRESS) => true,
            Err(error) => return Err(error.into()),
        };
        let stream = TcpStream::from_std(socket.into())?;
        if in_progress {
            stream.writable().await?;
            if let Some(error) = stream.take_error()? {
                return Err(error);
            }
        }
        Ok(stream)
    }

    /// A UDP socket that is connected to a port of the sandbox, at the given one of the addresses
    /// in order; `None` beyond the last of them.
    pub(super) fn udp(&self, place: usize, port: u16) -> io::Result<Option<UdpSocket>> {
        let Some(address) = self.addresses.get(place) else {
            return Ok(None);
        };
        let socket = self.opener.open(address.is_ipv6(), SocketType::DGRAM)?;
        connect(&socket, &SocketAddr::new(*address, port))?;
        UdpSocket::from_std(socket.into()).map(Some)
    }

    /// The addresses, beginning with the one that answered last.
    fn in_order(&self) -> impl Iterator<Item = (usize, IpAddr)> + use<'_> {
        let first = self.answered.get();
        let places = (first..self.addresses.len()).chain(0..first);
        places.filter_map(|place| Some((place, *self.addresses.get(place)?)))
    }
}

/// Whether an error is about this process, and the same would happen at the next address.
fn is_local_shortage(error: i32) -> bool {
    matches!(
        error,
        libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS | libc::EAGAIN
    )
}
