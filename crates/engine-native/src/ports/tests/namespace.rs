//! Ports of a real network namespace, by both ways of making sockets in it.

use std::fs::File;
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

use super::world::{Served, echo_tcp, echo_udp, opener, program, publish_by};
use crate::network::{Instance, LinkPlan, attach, loopback_only, within};
use crate::ports::{SocketOpener, Target};

#[expect(unsafe_code, reason = "entering a new network namespace")]
fn enter_new() {
    // SAFETY: the flags don't unshare the table of descriptors.
    let entered = unsafe { unshare_unsafe(UnshareFlags::NEWNET) };
    entered.expect("this test needs root: sudo cargo xtask test");
}

/// A namespace with `lo` alone, or with a link to the second one, which is its host.
fn sandbox(link: Option<LinkPlan>) -> (OwnedFd, OwnedFd) {
    std::thread::spawn(move || {
        enter_new();
        let here = || OwnedFd::from(File::open("/proc/thread-self/ns/net").unwrap());
        let host = here();
        enter_new();
        let sandbox = here();
        within(host.as_fd(), || match &link {
            Some(link) => attach(sandbox.as_fd(), link).unwrap(),
            None => loopback_only(sandbox.as_fd()).unwrap(),
        })
        .unwrap();
        (sandbox, host)
    })
    .join()
    .unwrap()
}

fn inside<T: Send + 'static>(netns: &OwnedFd, work: impl FnOnce() -> T + Send + 'static) -> T {
    let netns = netns.try_clone().unwrap();
    std::thread::spawn(move || within(netns.as_fd(), work).unwrap())
        .join()
        .unwrap()
}

fn answers(served: &Served) {
    let mut client = served.connect();
    client.write_all(b"x").unwrap();
    client.read_exact(&mut [0; 1]).unwrap();
}

#[test]
fn a_sandbox_without_a_link_is_reached_by_both_ways() {
    let (netns, _host) = sandbox(None);
    inside(&netns, || echo_tcp("0.0.0.0:80"));
    let entered = netns.try_clone().unwrap();
    answers(&publish_by("80", || Target::new(entered, None)));
    let helped = netns.try_clone().unwrap();
    answers(&publish_by("80", move || {
        let helper = opener(move || {
            move_into_link_name_space(helped.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
        });
        Target::through(helper, None)
    }));
}

#[test]
fn a_program_sees_a_peer_that_is_not_loopback() {
    let link = Instance::new(7, None).link(3, None).unwrap();
    let (netns, _host) = sandbox(Some(link));
    inside(&netns, || {
        program("0.0.0.0:80", |mut stream| {
            let peer = stream.peer_addr().unwrap().ip().to_string();
            stream.write_all(peer.as_bytes()).unwrap();
        });
        // This one listens on loopback alone, as development servers do.
        echo_tcp("127.0.0.1:81");
        echo_tcp("[::1]:82");
        echo_udp("127.0.0.1:83");
    });
    let publish = |port: &str| {
        let netns = netns.try_clone().unwrap();
        publish_by(port, move || Target::new(netns, Some(&link)))
    };
    let mut peer = String::new();
    publish("80").connect().read_to_string(&mut peer).unwrap();
    assert_eq!(peer.parse::<Ipv4Addr>().unwrap(), link.sandbox_v4());
    answers(&publish("81"));
    answers(&publish("82"));
    let udp = publish("83/udp");
    let client = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    client
        .set_read_timeout(Some(super::world::PATIENCE))
        .unwrap();
    client.send_to(b"once", ("127.0.0.1", udp.port)).unwrap();
    assert_eq!(client.recv(&mut [0; 8]).unwrap(), 4);
}

#[test]
fn the_hosts_own_ports_are_not_the_sandboxes() {
    let host = echo_tcp("127.0.0.1:0");
    let (netns, _host) = sandbox(None);
    let served = publish_by(&host.port().to_string(), || Target::new(netns, None));
    assert!(served.connect().read(&mut [0; 1]).is_err());
}

/// Prints what the parts take; `--nocapture` shows it.
#[test]
fn the_time_it_takes() {
    let (netns, _host) = sandbox(None);
    let opener = SocketOpener::Namespace(netns.try_clone().unwrap());
    let start = Instant::now();
    for _ in 0..1000 {
        opener.open(false, rustix::net::SocketType::STREAM).unwrap();
    }
    println!("a socket inside: {:?}", start.elapsed() / 1000);
    let start = Instant::now();
    for _ in 0..1000 {
        crate::ports::bind(&["80".parse().unwrap()]).unwrap();
    }
    println!("a port on both addresses: {:?}", start.elapsed() / 1000);

    inside(&netns, || {
        echo_tcp("127.0.0.1:80");
        program("127.0.0.1:81", |mut stream| {
            let block = vec![7; 1 << 18];
            while stream.write_all(&block).is_ok() {}
        })
    });
    let entered = netns.try_clone().unwrap();
    let served = publish_by("80", || Target::new(entered, None));
    let start = Instant::now();
    for _ in 0..500 {
        answers(&served);
    }
    println!(
        "a connection, a byte there and back: {:?}",
        start.elapsed() / 500
    );
    let entered = netns.try_clone().unwrap();
    let served = publish_by("81", || Target::new(entered, None));
    let mut client = served.connect();
    let mut buffer = vec![0; 1 << 18];
    let (start, mut total) = (Instant::now(), 0);
    while start.elapsed().as_millis() < 1500 {
        total += client.read(&mut buffer).unwrap();
    }
    #[expect(clippy::cast_precision_loss, reason = "it is printed")]
    let gigabits = total as f64 * 8.0 / 1e9 / start.elapsed().as_secs_f64();
    println!("throughput: {gigabits:.1} Gbit/s");
}
