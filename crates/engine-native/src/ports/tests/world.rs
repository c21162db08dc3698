//! A published port with a program behind it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use crate::ports::{Listener, SocketOpener, Target, bind, published, serve, serve_opener};

/// How long a test waits for what should come at once.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A thread that makes sockets in the namespace of `enter`ing.
pub(super) fn opener(enter: impl FnOnce() + Send + 'static) -> SocketOpener {
    let (ours, theirs): (OwnedFd, OwnedFd) = socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )
    .unwrap();
    std::thread::spawn(move || {
        enter();
        serve_opener(theirs.as_fd()).unwrap();
    });
    SocketOpener::Helper(ours)
}

/// Published ports that are served as long as this is kept.
pub(super) struct Served {
    pub(super) port: u16,
    _stop: oneshot::Sender<()>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Publishes a port, by its number and protocol, of the test's own loopback.
pub(super) fn publish(container: &str) -> Served {
    publish_by(container, || Target::through(opener(|| ()), None))
}

pub(super) fn publish_by(
    container: &str,
    target: impl FnOnce() -> Target + Send + 'static,
) -> Served {
    raise_limit();
    let listeners = bind(&[container.parse().unwrap()]).unwrap();
    serve_listeners(listeners, target)
}

/// Allows this process as many descriptors as it may have: all ends of all connections of all
/// tests are in it.
fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).unwrap();
}

pub(super) fn serve_listeners(
    listeners: Vec<Listener>,
    target: impl FnOnce() -> Target + Send + 'static,
) -> Served {
    let port = published(&listeners)[0].host_port;
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        LocalSet::new().block_on(&runtime, async {
            tokio::select! {
                () = serve(listeners, target()) => panic!("the ports are no longer served"),
                _ = stopped => {}
            }
        });
    });
    Served {
        port,
        _stop: stop,
        thread: Some(thread),
    }
}

impl Served {
    /// Ends the serving and waits until the ports are free.
    pub(super) fn stop(mut self) {
        let thread = self.thread.take().unwrap();
        drop(self);
        thread.join().unwrap();
    }

    pub(super) fn connect(&self) -> TcpStream {
        connect(&format!("127.0.0.1:{}", self.port))
    }
}

pub(super) fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A program that sends back what it gets until the end of it.
pub(super) fn echo_tcp(address: &str) -> SocketAddr {
    program(address, |mut stream| {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            if stream.write_all(&buffer[..length]).is_err() {
                return;
            }
        }
    })
}

/// A program that treats each connection in this way, in a thread of its own.
pub(super) fn program(
    address: &str,
    each: impl Fn(TcpStream) + Send + Clone + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let each = each.clone();
            std::thread::spawn(move || each(stream));
        }
    });
    address
}

/// A program that sends back each packet.
pub(super) fn echo_udp(address: &str) -> SocketAddr {
    let socket = UdpSocket::bind(address).unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 65_535];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&buffer[..length], peer);
        }
    });
    address
}
