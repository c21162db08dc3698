//! Servers on the host that sandboxes try to reach, and fetching what sandboxes serve.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Api;

/// A server that says hello to who connects, and counts them. It ends with the process.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    callers: Arc<AtomicUsize>,
}

impl Listener {
    /// A server on an address of this thread's network; port 0 for a free one.
    pub fn on(address: &str) -> Self {
        let listener = TcpListener::bind(address)
            .unwrap_or_else(|error| panic!("can't listen on {address}: {error}"));
        Self::serve(listener)
    }

    pub(crate) fn serve(listener: TcpListener) -> Self {
        let address = listener.local_addr().expect("an address");
        let callers = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&callers);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                let answer =
                    b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
                // Who goes away at once has still called.
                let _ = stream.and_then(|mut stream| {
                    stream.write_all(answer)?;
                    stream.shutdown(std::net::Shutdown::Write)?;
                    // A request that is not read would have the answer thrown away.
                    std::io::copy(&mut stream, &mut std::io::sink())
                });
            }
        });
        Self { address, callers }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many have connected.
    pub fn callers(&self) -> usize {
        self.callers.load(Ordering::SeqCst)
    }
}

/// Fetches `/` of a port of this host by HTTP.
pub fn fetch(host: &str, port: u16) -> Result<String, String> {
    let answer = Api::at(&format!("http://{host}:{port}")).try_send("GET", "/", Vec::new())?;
    match answer.status {
        200 => Ok(answer.text()),
        status => Err(format!("{status}: {}", answer.text())),
    }
}
