//! A way to a server that a test can cut and mend.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::TestDatabase;

/// Passes connections on to a server while it is whole.
pub(crate) struct Cable {
    address: SocketAddr,
    whole: Arc<watch::Sender<bool>>,
}

impl Cable {
    /// A cable to a server.
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let whole = Arc::new(watch::Sender::new(true));
        let state = whole.clone();
        tokio::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let mut state = state.subscribe();
                if !*state.borrow() {
                    continue;
                }
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = state.wait_for(|whole| !whole) => {}
                    }
                });
            }
        });
        Self { address, whole }
    }

    /// The near end.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all connections and every one that is tried.
    pub(crate) fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Lets connections pass again.
    pub(crate) fn mend(&self) {
        self.whole.send_replace(true);
    }
}

impl TestDatabase {
    /// Its address with the server's.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The same database, reached by another address of the server.
    pub(crate) fn via(&mut self, address: SocketAddr) {
        let (start, rest) = self.url.split_once('@').unwrap();
        let (_, name) = rest.split_once('/').unwrap();
        self.url = format!("{start}@{address}/{name}");
    }

    /// Where the server answers.
    pub(crate) fn address(&self) -> SocketAddr {
        let (_, rest) = self.url.split_once('@').unwrap();
        let (address, _) = rest.split_once('/').unwrap();
        address.parse().unwrap()
    }
}
