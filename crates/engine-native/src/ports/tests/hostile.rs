//! Clients and programs that mean no good.

use std::fs;
use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::fd::AsFd;

use rustix::net::{AddressFamily, SocketFlags, SocketType, recv, socketpair};

use super::world::{PATIENCE, connect, echo_tcp, echo_udp, program, publish, publish_by};
use crate::ports::{SocketOpener, Target};

/// How many descriptors of a kind this process has. Other tests may have some meanwhile, so this
/// is for telling hundreds from thousands.
fn descriptors(kind: &str) -> usize {
    let entries = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let links = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
    links
        .filter(|link| link.to_string_lossy().starts_with(kind))
        .count()
}

#[test]
fn a_program_that_takes_nothing_stops_only_itself() {
    let address = program("127.0.0.1:0", |stream| {
        std::thread::sleep(PATIENCE);
        drop(stream);
    });
    let served = publish(&address.port().to_string());
    let mut stuck: Vec<_> = (0..20).map(|_| served.connect()).collect();
    for client in &mut stuck {
        client.set_nonblocking(true).unwrap();
        // Until nothing more is taken: the data waits at the client, not in the supervisor.
        while client.write(&[0; 65_536]).is_ok() {}
    }
    let echo = echo_tcp("127.0.0.1:0");
    let other = publish(&echo.port().to_string());
    let mut client = other.connect();
    client.write_all(b"x").unwrap();
    client.read_exact(&mut [0; 1]).unwrap();
}

#[test]
fn idle_connections_hold_no_pipes() {
    let echo = echo_tcp("127.0.0.1:0");
    let served = publish(&echo.port().to_string());
    let before = descriptors("pipe:");
    let mut clients: Vec<_> = (0..150).map(|_| served.connect()).collect();
    for client in &mut clients {
        client.write_all(b"x").unwrap();
        client.read_exact(&mut [0; 1]).unwrap();
    }
    // Each would have two pipes of two ends.
    let used = descriptors("pipe:").saturating_sub(before);
    assert!(used < 300, "{used} ends of pipes for 150 connections");
}

#[test]
fn a_flood_of_udp_clients_leaves_room_for_an_honest_one() {
    let echo = echo_udp("127.0.0.1:0");
    let served = publish(&format!("{}/udp", echo.port()));
    let before = descriptors("socket:");
    for _ in 0..3000 {
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client
            .send_to(b"flood", ("127.0.0.1", served.port))
            .unwrap();
    }
    let honest = UdpSocket::bind("127.0.0.1:0").unwrap();
    honest.set_read_timeout(Some(PATIENCE)).unwrap();
    // The flood may have filled the queue, and a packet that finds it full is lost.
    honest
        .set_read_timeout(Some(std::time::Duration::from_millis(200)))
        .unwrap();
    let answered = (0..50).any(|_| {
        honest.send_to(b"x", ("127.0.0.1", served.port)).unwrap();
        honest.recv(&mut [0; 8]).is_ok()
    });
    assert!(answered);
    assert!(descriptors("socket:") < before + 2600);
}

#[test]
fn a_helper_that_lies_gives_no_socket() {
    for lie in [&[0][..], &[7, 0, 0][..], &[0, 1, 2, 3, 4, 5, 6, 7], &[]] {
        let (ours, theirs) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )
        .unwrap();
        let served = publish_by("1", move || {
            Target::through(SocketOpener::Helper(ours), None)
        });
        let lying = std::thread::spawn(move || {
            while recv(theirs.as_fd(), &mut [0; 8], rustix::net::RecvFlags::empty())
                .is_ok_and(|(length, _)| length > 0)
            {
                let _ = rustix::net::send(&theirs, lie, rustix::net::SendFlags::NOSIGNAL);
                if lie.is_empty() {
                    return;
                }
            }
        });
        let mut client = connect(&format!("127.0.0.1:{}", served.port));
        assert!(client.read(&mut [0; 1]).is_err(), "{lie:?}");
        served.stop();
        lying.join().unwrap();
    }
}
