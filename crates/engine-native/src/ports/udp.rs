//! Passing UDP packets on.
//!
//! Each client has a socket of its own inside the sandbox, so that the program can tell them
//! apart and its answers find their way back.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use rustix::net::{RecvFlags, SendFlags};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout_at};

use super::Target;

/// How long a client is remembered after its last packet, either way.
const IDLE: Duration = Duration::from_secs(120);
/// The longest packet that is kept to be sent again at another address of the sandbox.
const LONGEST_KEPT: usize = 2048;
/// The longest UDP packet.
const LONGEST: usize = 65_535;
/// How many packets are taken before others have their turn.
const BURST: usize = 64;

/// What comes back from the sandbox: packets, and the refusal of one, which is no packet.
const ANSWER: Interest = Interest::READABLE.add(Interest::ERROR);

/// A client of a port.
struct Flow {
    socket: RefCell<Rc<UdpSocket>>,
    last_used: Cell<Instant>,
    /// The last packet, until the sandbox has answered once: whether anybody listens at an
    /// address is known only from the refusal that comes back.
    unanswered: RefCell<Option<Vec<u8>>>,
}

/// The port's side that all its clients share.
struct Port {
    listener: UdpSocket,
    number: u16,
    target: Target,
    flows: RefCell<HashMap<SocketAddr, (Rc<Flow>, AbortHandle)>>,
    /// Packets pass through one by one and never wait, so that one buffer serves all.
    buffer: RefCell<Vec<u8>>,
}

/// Passes packets on to a port of the sandbox, for as long as the future is kept. A client beyond
/// `most` takes the place of the one that was silent for longest.
pub(super) async fn serve(
    listener: std::net::UdpSocket,
    target: Target,
    number: u16,
    most: usize,
) -> io::Result<()> {
    let port = Rc::new(Port {
        listener: UdpSocket::from_std(listener)?,
        number,
        target,
        flows: RefCell::default(),
        buffer: RefCell::new(vec![0; LONGEST]),
    });
    let mut answers = JoinSet::new();
    loop {
        tokio::select! {
            ready = port.listener.readable() => ready?,
            Some(_) = answers.join_next() => continue,
        }
        for _ in 0..BURST {
            let mut buffer = port.buffer.borrow_mut();
            let Ok((length, client)) = port.listener.try_recv_from(&mut buffer) else {
                break;
            };
            let packet = buffer.get(..length).unwrap_or_default();
            let known = port
                .flows
                .borrow()
                .get(&client)
                .map(|(flow, _)| Rc::clone(flow));
            match known {
                Some(flow) => flow.pass_in(packet),
                None => port.admit(client, packet, most, &mut answers),
            }
        }
    }
}

impl Port {
    fn admit(
        self: &Rc<Self>,
        client: SocketAddr,
        packet: &[u8],
        most: usize,
        answers: &mut JoinSet<()>,
    ) {
        // Without a socket the packet is lost, as packets may be.
        let Ok(Some(socket)) = self.target.udp(0, self.number) else {
            return;
        };
        let flow = Rc::new(Flow {
            socket: RefCell::new(Rc::new(socket)),
            last_used: Cell::new(Instant::now()),
            unanswered: RefCell::default(),
        });
        flow.pass_in(packet);
        let (port, answered) = (Rc::clone(self), Rc::clone(&flow));
        let task = answers.spawn_local(async move {
            port.pass_out(&answered, client).await;
            port.flows.borrow_mut().remove(&client);
        });
        let mut flows = self.flows.borrow_mut();
        if flows.len() >= most {
            let oldest = flows
                .iter()
                .min_by_key(|(_, (flow, _))| flow.last_used.get());
            if let Some((_, task)) = oldest
                .map(|(client, _)| *client)
                .and_then(|client| flows.remove(&client))
            {
                task.abort();
            }
        }
        flows.insert(client, (flow, task));
    }

    /// Passes a client's answers out until it has been silent for long enough, or nobody in the
    /// sandbox listens.
    async fn pass_out(&self, flow: &Flow, client: SocketAddr) {
        let mut place = 0;
        loop {
            let socket = Rc::clone(&flow.socket.borrow());
            let waiting = timeout_at(flow.last_used.get() + IDLE, socket.ready(ANSWER));
            let ready = match waiting.await {
                Err(_) if flow.last_used.get().elapsed() >= IDLE => return,
                Err(_) => continue,
                Ok(Err(_)) => return,
                Ok(Ok(ready)) => ready,
            };
            let interest = if ready.is_readable() {
                Interest::READABLE
            } else {
                Interest::ERROR
            };
            for _ in 0..BURST {
                let mut buffer = self.buffer.borrow_mut();
                match socket.try_io(interest, || receive(&socket, &mut buffer)) {
                    Ok(length) => {
                        flow.last_used.set(Instant::now());
                        flow.unanswered.take();
                        let packet = buffer.get(..length).unwrap_or_default();
                        // A client that can't take it loses it, as it would without us.
                        let _ = self.listener.try_send_to(packet, client);
                    }
                    Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                        place += 1;
                        let Ok(Some(next)) = self.target.udp(place, self.number) else {
                            return;
                        };
                        flow.socket.replace(Rc::new(next));
                        if let Some(packet) = flow.unanswered.take() {
                            flow.pass_in(&packet);
                        }
                        break;
                    }
                    Err(_) => break,
                }
            }
        }
    }
}

impl Flow {
    fn pass_in(&self, packet: &[u8]) {
        self.last_used.set(Instant::now());
        // A refusal of an earlier packet is reported here as well, and then the packet is not
        // sent; the second try sends it.
        let socket = self.socket.borrow();
        if send_now(&socket, packet).is_err() {
            let _ = send_now(&socket, packet);
        }
        if packet.len() <= LONGEST_KEPT {
            self.unanswered.replace(Some(packet.to_vec()));
        }
    }
}

fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
    let received = rustix::net::recv(socket, buffer, RecvFlags::DONTWAIT);
    received.map(|(_, length)| length).map_err(io::Error::from)
}

/// Sends at once or not at all. Tokio's own attempt would not even try before it has heard from
/// the kernel that a new socket can be written to.
fn send_now(socket: &UdpSocket, packet: &[u8]) -> rustix::io::Result<usize> {
    rustix::net::send(socket, packet, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)
}
