//! UDP through a published port.

use std::net::UdpSocket;

use super::world::{PATIENCE, echo_udp, publish};

fn client(port: u16, host: &str) -> UdpSocket {
    let any = if host.contains(':') {
        "[::1]:0"
    } else {
        "127.0.0.1:0"
    };
    let socket = UdpSocket::bind(any).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.connect(format!("{host}:{port}")).unwrap();
    socket
}

#[test]
fn both_families_answer() {
    for listening in ["127.0.0.1:0", "[::1]:0"] {
        let program = echo_udp(listening);
        let served = publish(&format!("{}/udp", program.port()));
        for host in ["127.0.0.1", "[::1]"] {
            let client = client(served.port, host);
            for text in ["one", "two", ""] {
                client.send(text.as_bytes()).unwrap();
                let mut answer = [0; 64];
                let length = client.recv(&mut answer).unwrap();
                assert_eq!(&answer[..length], text.as_bytes(), "{listening} by {host}");
            }
        }
    }
}

#[test]
fn clients_get_their_own_answers() {
    let program = echo_udp("127.0.0.1:0");
    let served = publish(&format!("{}/udp", program.port()));
    let clients: Vec<_> = (0..50).map(|_| client(served.port, "127.0.0.1")).collect();
    for (number, client) in clients.iter().enumerate() {
        client.send(&number.to_be_bytes()).unwrap();
    }
    for (number, client) in clients.iter().enumerate() {
        let mut answer = [0; 8];
        assert_eq!(client.recv(&mut answer).unwrap(), 8);
        assert_eq!(answer, number.to_be_bytes());
    }
}

#[test]
fn large_packets_pass() {
    let program = echo_udp("127.0.0.1:0");
    let served = publish(&format!("{}/udp", program.port()));
    let client = client(served.port, "127.0.0.1");
    let packet: Vec<u8> = (0..60_000u32).map(|at| at.to_le_bytes()[0]).collect();
    client.send(&packet).unwrap();
    let mut answer = vec![0; 65_535];
    let length = client.recv(&mut answer).unwrap();
    assert!(answer[..length] == packet);
}

#[test]
fn a_program_that_comes_later_is_reached() {
    let free = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let served = publish(&format!("{}/udp", free.port()));
    let client = client(served.port, "127.0.0.1");
    client.send(b"lost").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(50));
    echo_udp(&free.to_string());
    client.send(b"x").unwrap();
    let mut answer = [0; 8];
    // On a busy machine the first packet may have been on its way still, and arrive after all.
    while client.recv(&mut answer).unwrap() != 1 {}
    assert_eq!(answer[0], b'x');
}
