//! Answers at the control socket.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use rustix::thread::UnshareFlags;

use super::exec;
use super::serve::{Sandbox, wait_for};
use super::spawn::{fork_alone, leave};
use crate::failure::Doing;
use crate::files;
use crate::process::{Forked, become_root_of_namespace, close_all_but, enter_sandbox};
use crate::protocol::{Failure, Reply, Request};
use crate::wire::{Channel, Receiver, Sender};

/// Answers one connection, which carries one request.
pub(super) async fn answer(sandbox: Rc<Sandbox>, stream: UnixStream) {
    if let Err(error) = try_answer(&sandbox, stream).await {
        tracing::debug!(%error, "a connection to the supervisor broke");
    }
}

async fn try_answer(sandbox: &Rc<Sandbox>, stream: UnixStream) -> io::Result<()> {
    let Channel {
        sender,
        mut receiver,
    } = Channel::new(stream)?;
    let Some((request, fds)) = receiver.recv::<Request>().await? else {
        return Ok(());
    };
    let reply = match request {
        Request::Stop { grace_ms } => stop(sandbox, Duration::from_millis(grace_ms)).await,
        Request::Discard => return discard(sandbox, sender).await,
        Request::Watch => ended(sandbox).await,
        Request::Exec(spec) => return exec::run(sandbox, *spec, fds, sender, receiver).await,
        Request::Attach(id) => return attach(sandbox, &id, sender, receiver).await,
        Request::Execs => Ok(Reply::Execs(sandbox.detached.list())),
        Request::Signal(id, signal) => sandbox.detached.signal(&id, signal).map(|()| Reply::Done),
        Request::Resize(id, size) => sandbox.detached.resize(&id, size).map(|()| Reply::Done),
        Request::Files => serve_files(sandbox, fds).map(|()| Reply::Done),
        Request::Connect(port) => return connect(sandbox, port, sender).await,
    };
    sender.send(&reply.unwrap_or_else(Reply::Failed), &[]).await
}

async fn attach(
    sandbox: &Rc<Sandbox>,
    id: &ctnr_model::ExecId,
    sender: Sender,
    receiver: Receiver,
) -> io::Result<()> {
    match sandbox.detached.get(id) {
        Ok(command) => command.attach(sender, receiver).await,
        Err(failure) => sender.send(&Reply::Failed(failure), &[]).await,
    }
}

/// Asks the program to end, and makes it after `grace`.
async fn stop(sandbox: &Sandbox, grace: Duration) -> Result<Reply, Failure> {
    sandbox
        .init
        .signal(sandbox.record.stop_signal)
        .doing("signalling the program")?;
    match tokio::time::timeout(grace, ended(sandbox)).await {
        Ok(ended) => ended,
        Err(_) => kill(sandbox).await,
    }
}

/// Ends a sandbox that is being deleted, and hands its root over with the answer: the caller lets go of
/// it when the directory below it is empty.
async fn discard(sandbox: &Sandbox, sender: Sender) -> io::Result<()> {
    sandbox.discarded.set(true);
    let reply = kill(sandbox).await.unwrap_or_else(Reply::Failed);
    let root = sandbox.root.take();
    let fds: Vec<_> = root.iter().map(|root| root.mount.as_fd()).collect();
    sender.send(&reply, &fds).await
}

/// Ends the first process, and with it every process of the sandbox (`pid_namespaces(7)`).
async fn kill(sandbox: &Sandbox) -> Result<Reply, Failure> {
    sandbox.init.kill().doing("killing the program")?;
    ended(sandbox).await
}

async fn ended(sandbox: &Sandbox) -> Result<Reply, Failure> {
    let mut ended = sandbox.ended.clone();
    let record = ended
        .wait_for(Option::is_some)
        .await
        .doing("waiting for the program to end")?;
    record
        .clone()
        .map(|record| Reply::Ended(Box::new(record)))
        .ok_or(Failure::NotRunning)
}

/// Forks a process into the sandbox's mounts that serves its files. It is outside of the
/// sandbox's process ids, so nothing in there sees or reaches it.
fn serve_files(sandbox: &Rc<Sandbox>, fds: Vec<OwnedFd>) -> Result<(), Failure> {
    let socket = fds
        .into_iter()
        .next()
        .ok_or_else(|| Failure::Other("serving files".into(), "no socket came along".into()))?;
    let forked = match fork_alone(UnshareFlags::empty(), None) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(Failure::Full),
        forked => forked.doing("forking a process for the sandbox's files")?,
    };
    match forked {
        Forked::Child => {
            let ready = close_all_but(&[sandbox.init.as_fd(), socket.as_fd()])
                .and_then(|()| enter_sandbox(&sandbox.init))
                .and_then(|()| become_root_of_namespace());
            if ready.is_ok() {
                files::serve(socket);
            }
            leave(i32::from(ready.is_err()))
        }
        Forked::Parent(child) => {
            tokio::task::spawn_local(wait_for(child));
            Ok(())
        }
    }
}

/// Hands over a connection to a port in the sandbox.
async fn connect(sandbox: &Sandbox, port: u16, sender: Sender) -> io::Result<()> {
    match sandbox.target.connect(port).await {
        Ok(stream) => {
            let stream = stream.into_std()?;
            sender.send(&Reply::Done, &[stream.as_fd()]).await
        }
        Err(error) => {
            let failure = Failure::Unreachable(port, error.to_string());
            sender.send(&Reply::Failed(failure), &[]).await
        }
    }
}
