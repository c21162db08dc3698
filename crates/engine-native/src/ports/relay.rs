//! Passing a connection on, both ways, without copying what passes.

use std::io;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{Shutdown, shutdown, sockopt};
use rustix::pipe::{SpliceFlags, splice};
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::pipes::{Pipe, Pipes, SIZE};

/// Passes data both ways until both sides have finished.
///
/// When one side has finished sending, the other is told so and may go on. When one side breaks
/// off, so does the other: with a reset, so that nobody takes half an answer for a whole one.
pub(super) async fn relay(client: TcpStream, program: TcpStream, pipes: &Pipes) {
    keep_alive(&client);
    if both_ways(&client, &program, pipes).await.is_err() {
        reset(&client);
        reset(&program);
    }
}

/// Makes the closing of a connection a reset.
pub(super) fn reset(stream: &TcpStream) {
    // Where that fails the peer has gone already.
    let _ = sockopt::set_socket_linger(stream, Some(Duration::ZERO));
}

/// A client that has vanished without a word is found out after some minutes.
fn keep_alive(client: &TcpStream) {
    let set = || -> Result<(), Errno> {
        sockopt::set_tcp_nodelay(client, true)?;
        sockopt::set_tcp_keepidle(client, Duration::from_secs(60))?;
        sockopt::set_tcp_keepintvl(client, Duration::from_secs(20))?;
        sockopt::set_socket_keepalive(client, true)
    };
    // A connection without these is slower to end, no more.
    let _ = set();
}

async fn both_ways(client: &TcpStream, program: &TcpStream, pipes: &Pipes) -> io::Result<()> {
    let inward = one_way(client, program, pipes);
    let outward = one_way(program, client, pipes);
    tokio::pin!(inward, outward);
    // The side that has finished sending is no longer read from, so its breaking off has to be
    // waited for.
    tokio::select! {
        ended = &mut inward => {
            ended?;
            tokio::select! { ended = outward => ended, broken = broken(client) => broken }
        }
        ended = &mut outward => {
            ended?;
            tokio::select! { ended = inward => ended, broken = broken(program) => broken }
        }
    }
}

/// Waits until a connection is broken off.
async fn broken(stream: &TcpStream) -> io::Result<()> {
    stream.ready(Interest::ERROR).await?;
    Err(io::ErrorKind::ConnectionReset.into())
}

/// Passes data one way until its end, and passes that on as well.
async fn one_way(from: &TcpStream, to: &TcpStream, pipes: &Pipes) -> io::Result<()> {
    loop {
        from.readable().await?;
        let pipe = pipes.take()?;
        let ended = pass_available(from, to, &pipe).await?;
        pipes.put(pipe);
        if ended {
            shutdown(to, Shutdown::Write)?;
            return Ok(());
        }
    }
}

/// Passes what there is, and tells whether that was the end. The pipe is empty before and after.
async fn pass_available(from: &TcpStream, to: &TcpStream, pipe: &Pipe) -> io::Result<bool> {
    loop {
        let filled = from.try_io(Interest::READABLE, || move_some(from, &pipe.writer, SIZE));
        let mut held = match filled {
            Ok(0) => return Ok(true),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        };
        while held > 0 {
            to.writable().await?;
            match to.try_io(Interest::WRITABLE, || move_some(&pipe.reader, to, held)) {
                Ok(length) => held = held.saturating_sub(length),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        // Lets other connections have their turn.
        from.readable().await?;
    }
}

fn move_some(
    from: impl std::os::fd::AsFd,
    to: impl std::os::fd::AsFd,
    length: usize,
) -> io::Result<usize> {
    let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
    let moved = rustix::io::retry_on_intr(|| splice(&from, None, &to, None, length, flags))?;
    Ok(moved)
}
