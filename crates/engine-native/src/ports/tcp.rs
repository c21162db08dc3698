//! Accepting TCP connections and passing them on.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Target;
use super::pipes::Pipes;
use super::relay::{relay, reset};

/// How long to wait when the process has no descriptor left for one more connection.
const SHORTAGE: Duration = Duration::from_millis(100);

/// Passes connections on to a port of the sandbox, for as long as the future is kept. `places`
/// says how many there may be; further ones wait in the kernel's queue.
pub(super) async fn serve(
    listener: std::net::TcpListener,
    target: Target,
    port: u16,
    places: Arc<Semaphore>,
    pipes: Pipes,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return Ok(());
        };
        let client = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match client {
            Ok((client, _)) => {
                let (target, pipes) = (target.clone(), pipes.clone());
                connections.spawn_local(async move {
                    let _place = place;
                    pass_on(client, &target, port, &pipes).await;
                });
            }
            Err(error) if is_shortage(&error) => tokio::time::sleep(SHORTAGE).await,
            // The client has gone between its connecting and our accepting.
            Err(_) => {}
        }
    }
}

async fn pass_on(client: TcpStream, target: &Target, port: u16, pipes: &Pipes) {
    match target.connect(port).await {
        Ok(program) => relay(client, program, pipes).await,
        // The client sees what it would see if it asked the program itself: a refusal.
        Err(_) => reset(&client),
    }
}

fn is_shortage(error: &io::Error) -> bool {
    let shortages = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
    error
        .raw_os_error()
        .is_some_and(|error| shortages.contains(&error))
}
