//! A small world of network namespaces: a host, an internet behind it, and sandboxes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::thread::{UnshareFlags, unshare_unsafe};

use crate::network::host::cookie;
use crate::network::host::held::Held;
use crate::network::{Egress, HostNetwork, LinkPlan, attach, within};

/// How long something that must not arrive is waited for.
const SILENCE: Duration = Duration::from_millis(400);

/// How long an answer that must arrive is waited for once there is a connection.
const PATIENCE: Duration = Duration::from_secs(10);

const REFUSED: io::ErrorKind = io::ErrorKind::ConnectionRefused;

pub(super) const INTERNET_V4: &str = "203.0.113.1";
pub(super) const INTERNET_V6: &str = "2001:db8:113::1";

/// A network namespace.
pub(super) struct Namespace(File);

impl Namespace {
    pub(super) fn new() -> Self {
        std::thread::spawn(|| {
            enter_new();
            Self(File::open("/proc/thread-self/ns/net").unwrap())
        })
        .join()
        .unwrap()
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    pub(super) fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        within(self.fd(), work).unwrap()
    }
}

/// Moves the calling thread into a network namespace of its own.
#[expect(unsafe_code, reason = "entering a new network namespace")]
pub(super) fn enter_new() {
    // SAFETY: the flags don't unshare the table of descriptors.
    let entered = unsafe { unshare_unsafe(UnshareFlags::NEWNET) };
    entered.expect("this test needs root: sudo cargo xtask test");
    ip("link set lo up");
    // A namespace starts with the host's value, which Docker may have changed.
    std::fs::write("/proc/sys/net/ipv4/ip_forward", "0").unwrap();
}

/// Runs `ip` with these arguments in the calling thread's namespace.
pub(super) fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status();
    let status = status.expect("this test needs ip: apt-get install iproute2");
    assert!(status.success(), "ip {arguments}");
}

/// Runs a program and returns what it wrote.
pub(super) fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|_| {
        panic!("this test needs {program}: apt-get install nftables iptables iproute2")
    });
    String::from_utf8(output.stdout).unwrap()
}

/// The calling thread's namespace made a host, with an uplink to an internet.
pub(super) struct Host {
    pub(super) internet: Namespace,
    directory: tempfile::TempDir,
}

impl Host {
    pub(super) fn new() -> Self {
        enter_new();
        let internet = Namespace::new();
        connect_uplink(&internet);
        let directory = tempfile::tempdir().unwrap();
        Self {
            internet,
            directory,
        }
    }

    /// A file in the directory of an engine.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// An engine's side of the network.
    pub(super) fn engine(&self, name: &str) -> HostNetwork {
        HostNetwork::new(self.path(name), None)
    }
}

/// A host on which the network for sandboxes is set up.
pub(super) struct World {
    pub(super) host: Host,
    pub(super) network: HostNetwork,
    pub(super) egress: Egress,
}

impl World {
    pub(super) fn new() -> Self {
        let host = Host::new();
        let network = host.engine("network.json");
        let egress = network.ensure().unwrap();
        Self {
            host,
            network,
            egress,
        }
    }

    pub(super) fn sandbox(&self, index: u32) -> (Namespace, LinkPlan) {
        let namespace = Namespace::new_raw();
        let plan = self.egress.link(index).unwrap();
        attach(namespace.fd(), &plan).unwrap();
        (namespace, plan)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Held, since other tests make and remove the directory at the same time.
        let Ok(Some(_held)) = Held::take_existing(Path::new(SHARED)) else {
            return;
        };
        // The settings go with the namespace, but what is written down about them does not.
        for register in registers() {
            let _ = std::fs::remove_file(register);
        }
    }
}

/// Where engines keep what they share.
const SHARED: &str = "/run/ctnr";

/// The registers of the calling thread's namespace, of which there is one at most.
pub(super) fn registers() -> Vec<PathBuf> {
    let cookie = cookie::of_this_namespace().unwrap();
    let Ok(entries) = std::fs::read_dir(SHARED) else {
        return Vec::new();
    };
    let ours = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(&format!("network-{cookie}."))
    };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(ours)
        .collect()
}

impl Namespace {
    /// A namespace in which nothing is set up, not even `lo`.
    pub(super) fn new_raw() -> Self {
        let namespace = Self::new();
        namespace.run(|| ip("link set lo down"));
        namespace
    }
}

/// Gives the calling thread's namespace an uplink `up0` with default routes to `internet`.
pub(super) fn connect_uplink(internet: &Namespace) {
    ip("link add up0 type veth peer name far0");
    move_link("far0", internet);
    ip("addr add 198.51.100.2/24 dev up0");
    ip("addr add 2001:db8:100::2/64 dev up0 nodad");
    ip("link set up0 up");
    ip("route add default via 198.51.100.1");
    ip("-6 route add default via 2001:db8:100::1");
    internet.run(|| {
        ip("addr add 198.51.100.1/24 dev far0");
        ip("addr add 2001:db8:100::1/64 dev far0 nodad");
        ip("link set far0 up");
        ip(&format!("addr add {INTERNET_V4}/32 dev lo"));
        ip(&format!("addr add {INTERNET_V6}/128 dev lo nodad"));
        ip("addr add 169.254.169.254/32 dev lo");
        // A route back, as a careless network has: only masquerading keeps it from being used.
        ip("route add 10.0.0.0/8 dev far0");
    });
    for address in [INTERNET_V4, INTERNET_V6] {
        let refused = || ask(address, 1).is_err_and(|error| error.kind() == REFUSED);
        eventually("the internet is not reached", refused);
    }
}

/// Moves a link of the calling thread's namespace into another.
pub(super) fn move_link(link: &str, namespace: &Namespace) {
    // `ip` takes a namespace by a path; this one is inherited by no child, but can be opened.
    let path = format!(
        "/proc/{}/fd/{}",
        std::process::id(),
        namespace.0.as_raw_fd()
    );
    ip(&format!("link set {link} netns {path}"));
}

/// Answers every TCP connection and UDP packet at an address with the peer's own address.
pub(super) fn serve(address: &str, port: u16) {
    let address = SocketAddr::new(address.parse().unwrap(), port);
    let listener = TcpListener::bind(address).unwrap();
    let socket = UdpSocket::bind(address).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let peer = stream.peer_addr().unwrap().ip().to_string();
            let _ = stream.write_all(peer.as_bytes());
        }
    });
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        while let Ok((_, peer)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(peer.ip().to_string().as_bytes(), peer);
        }
    });
}

/// What a server at an address takes the calling thread's namespace for, by TCP.
pub(super) fn ask(address: &str, port: u16) -> io::Result<IpAddr> {
    let address = SocketAddr::new(address.parse().unwrap(), port);
    let mut stream = TcpStream::connect_timeout(&address, SILENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text.parse().unwrap())
}

/// The same by UDP, from an address and port of the caller's choice.
pub(super) fn ask_udp(from: &str, address: &str, port: u16) -> io::Result<IpAddr> {
    let address = SocketAddr::new(address.parse().unwrap(), port);
    let socket = UdpSocket::bind(SocketAddr::new(from.parse().unwrap(), 0))?;
    socket.set_read_timeout(Some(SILENCE))?;
    socket.send_to(b"who am I", address)?;
    let mut buffer = [0; 64];
    let (length, _) = socket.recv_from(&mut buffer)?;
    Ok(String::from_utf8_lossy(&buffer[..length]).parse().unwrap())
}

/// Waits for what the kernel does by itself after a while.
pub(super) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
