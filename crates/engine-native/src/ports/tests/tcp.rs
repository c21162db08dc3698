//! TCP through a published port.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc;

use super::world::{PATIENCE, connect, echo_tcp, opener, program, publish, serve_listeners};
use crate::ports::{Target, bind};

#[test]
fn both_families_answer() {
    for listening in ["127.0.0.1:0", "[::1]:0"] {
        let program = echo_tcp(listening);
        let served = publish(&format!("{}/tcp", program.port()));
        for host in ["127.0.0.1", "[::1]"] {
            let mut client = connect(&format!("{host}:{}", served.port));
            client.write_all(b"hello").unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            assert_eq!(answer, "hello", "{listening} by {host}");
        }
    }
}

#[test]
fn one_side_may_finish_before_the_other() {
    // The client finishes first, and the program answers after it has seen that.
    let address = program("127.0.0.1:0", |mut stream| {
        let mut question = String::new();
        stream.read_to_string(&mut question).unwrap();
        stream
            .write_all(question.to_uppercase().as_bytes())
            .unwrap();
    });
    let served = publish(&address.port().to_string());
    let mut client = served.connect();
    client.write_all(b"what").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "WHAT");

    // The program finishes first, and still listens.
    let (sender, heard) = mpsc::channel();
    let address = program("127.0.0.1:0", move |mut stream| {
        stream.write_all(b"welcome").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        sender.send(text).unwrap();
    });
    let served = publish(&address.port().to_string());
    let mut client = served.connect();
    let mut greeting = String::new();
    client.read_to_string(&mut greeting).unwrap();
    assert_eq!(greeting, "welcome");
    client.write_all(b"thanks").unwrap();
    drop(client);
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), "thanks");
}

#[test]
fn breaking_off_is_passed_on() {
    let (sender, seen) = mpsc::channel();
    let address = program("127.0.0.1:0", move |mut stream| {
        let mut byte = [0; 1];
        let first = stream.read(&mut byte).map(|length| length == 1);
        let second = stream.read(&mut byte).map_err(|error| error.kind());
        sender.send((first.unwrap(), second)).unwrap();
    });
    let served = publish(&address.port().to_string());
    let mut client = served.connect();
    client.write_all(b"x").unwrap();
    // Closing with something unread is a reset; so is this.
    rustix::net::sockopt::set_socket_linger(&client, Some(std::time::Duration::ZERO)).unwrap();
    drop(client);
    let (first, second) = seen.recv_timeout(PATIENCE).unwrap();
    assert!(first);
    assert_eq!(second, Err(io::ErrorKind::ConnectionReset));
}

#[test]
fn a_client_that_finishes_and_then_breaks_off_ends_the_connection() {
    let (sender, seen) = mpsc::channel();
    let address = program("127.0.0.1:0", move |mut stream| {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        // The program has nothing to say for a while; it finds out by what becomes of its socket.
        let broken = loop {
            if let Some(error) = stream.take_error().unwrap() {
                break error.kind();
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        sender.send(broken).unwrap();
    });
    let served = publish(&address.port().to_string());
    let client = served.connect();
    client.shutdown(Shutdown::Write).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(100));
    rustix::net::sockopt::set_socket_linger(&client, Some(std::time::Duration::ZERO)).unwrap();
    drop(client);
    let kind = seen.recv_timeout(PATIENCE).unwrap();
    assert!(
        matches!(
            kind,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
        ),
        "{kind}"
    );
}

#[test]
fn nobody_listening_is_a_reset() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let served = publish(&free.to_string());
    let answer = served.connect().read(&mut [0; 1]);
    assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    // The program comes up later, and is reached.
    echo_tcp(&format!("127.0.0.1:{free}"));
    let mut client = served.connect();
    client.write_all(b"x").unwrap();
    client.read_exact(&mut [0; 1]).unwrap();
}

#[test]
fn two_hundred_connections_at_once() {
    let program = echo_tcp("127.0.0.1:0");
    let served = publish(&program.port().to_string());
    let mut clients: Vec<TcpStream> = (0..200).map(|_| served.connect()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client
            .write_all(&number.to_be_bytes().repeat(1000))
            .unwrap();
    }
    for (number, client) in clients.iter_mut().enumerate() {
        let mut answer = vec![0; 8000];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer, number.to_be_bytes().repeat(1000));
    }
}

#[test]
fn a_big_transfer_arrives_whole() {
    const SIZE: usize = 64 << 20;
    let pattern = |from: usize| -> Vec<u8> {
        (from..from + (1 << 16))
            .map(|at| (at.wrapping_mul(2_654_435_761) >> 7).to_le_bytes()[0])
            .collect()
    };
    let program = echo_tcp("127.0.0.1:0");
    let served = publish(&program.port().to_string());
    let client = served.connect();
    let mut sender = client.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        for from in (0..SIZE).step_by(1 << 16) {
            sender.write_all(&pattern(from)).unwrap();
        }
        sender.shutdown(Shutdown::Write).unwrap();
    });
    let mut client = client;
    let mut part = vec![0; 1 << 16];
    for from in (0..SIZE).step_by(1 << 16) {
        client.read_exact(&mut part).unwrap();
        assert!(part == pattern(from), "the part from {from} differs");
    }
    assert_eq!(client.read(&mut part).unwrap(), 0);
    sending.join().unwrap();
}

#[test]
fn a_restart_has_the_same_number() {
    let program = echo_tcp("127.0.0.1:0");
    let served = publish(&program.port().to_string());
    let port = served.port;
    let mut client = served.connect();
    client.write_all(b"x").unwrap();
    client.read_exact(&mut [0; 1]).unwrap();
    served.stop();
    // Whoever was connected is told.
    assert!(!matches!(client.read(&mut [0; 1]), Ok(1..)));
    let again = bind(&[format!("{port}:{}", program.port()).parse().unwrap()]).unwrap();
    let served = serve_listeners(again, || Target::through(opener(|| ()), None));
    assert_eq!(served.port, port);
    let mut client = served.connect();
    client.write_all(b"y").unwrap();
    client.read_exact(&mut [0; 1]).unwrap();
}
