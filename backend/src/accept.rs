//! Connections in, for whichever protocol.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long to wait after a failed accept, which means that descriptors have run out.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves each connection to `listener` in a task of its own, until `stopping` is cancelled. Returns
/// when the last of them is over.
pub(crate) async fn accept<F>(
    listener: TcpListener,
    stopping: &CancellationToken,
    serve: impl Fn(TcpStream, SocketAddr) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                // What is sent is small and whole, so waiting for more to send only costs time.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, %peer, "setting TCP_NODELAY failed");
                }
                connections.spawn(serve(stream, peer));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}
