//! Stopping sandboxes, and reaching into them.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use ctnr_engine::{Connection, EngineError, Result, SandboxFiles};
use ctnr_model::{ContainerPort, Protocol, SandboxId, SandboxStatus};
use tokio::net::TcpStream;

use super::Inner;
use super::control::{self, PROMPT, check, lost, unexpected};
use super::sandbox::Sandbox;
use crate::files::{NativeFiles, Owners};
use crate::process::PidFd;
use crate::protocol::{Launch, Reply, Request};

/// Ends a sandbox's program; see the trait.
pub(super) async fn stop(
    inner: &Arc<Inner>,
    id: &SandboxId,
    grace: Duration,
) -> Result<SandboxStatus> {
    let sandbox = inner.sandbox(id)?;
    tokio::spawn(async move {
        let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        let limit = grace.saturating_add(PROMPT);
        loop {
            // Outside of the turn: another stop that grants less does not wait for this one.
            end(&sandbox, &Request::Stop { grace_ms }, limit).await?;
            // A start that was under way has the turn first, and what it started is ended too.
            let _turn = sandbox.turn.lock().await;
            if sandbox.running_record().is_err() {
                return Ok(sandbox.status());
            }
        }
    })
    .await
    .map_err(|error| EngineError::internal("stopping the sandbox", error))?
}

/// Has the supervisor end the program, and ends both where it does not answer in time. Returns the
/// root where it comes with the answer ([`Request::Discard`]).
pub(super) async fn end(
    sandbox: &Sandbox,
    request: &Request,
    limit: Duration,
) -> Result<Option<OwnedFd>> {
    let Ok(record) = sandbox.running_record() else {
        return Ok(None);
    };
    let mut running = sandbox.running();
    let asked = async {
        let mut channel = control::send(sandbox, request, &[]).await?;
        let reply = channel
            .receiver
            .recv::<Reply>()
            .await
            .map_err(|error| lost(&error))?;
        let (reply, fds) = reply.unzip();
        Ok::<_, EngineError>((check(reply)?, fds.into_iter().flatten().next()))
    };
    match tokio::time::timeout(limit, asked).await {
        Ok(Ok((Reply::Ended(record), root))) => {
            sandbox.set_record(*record);
            return Ok(root);
        }
        // It has ended by itself meanwhile, or its supervisor is lost: the watcher settles it.
        Ok(result) => tracing::debug!(?result, "the sandbox ends by itself"),
        Err(_) => {
            if let Ok(init) = PidFd::open(record.pid, record.pid_started) {
                let _ = init.kill();
            }
            kill_supervisor(record.supervisor);
        }
    }
    let settled = tokio::time::timeout(PROMPT, running.wait_for(|running| !running)).await;
    match settled {
        Ok(_) => Ok(None),
        Err(_) => Err(EngineError::Timeout("the sandbox does not end".to_owned())),
    }
}

/// Kills a supervisor that hangs. It is one of ctnr's own processes, and is known to live, since
/// its socket took the request.
fn kill_supervisor(pid: u32) {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

/// A sandbox's files, whether it runs or not.
pub(super) async fn files(inner: &Arc<Inner>, id: &SandboxId) -> Result<Box<dyn SandboxFiles>> {
    let sandbox = inner.sandbox(id)?;
    let owners = if inner.identity.privileged {
        Owners::Kept
    } else {
        Owners::Root
    };
    let inner = Arc::clone(inner);
    let open = move || open_files(Arc::clone(&inner), Arc::clone(&sandbox));
    Ok(Box::new(NativeFiles::new(owners, open)))
}

/// Has a process forked into the sandbox that serves one request about its files.
async fn open_files(inner: Arc<Inner>, sandbox: Arc<Sandbox>) -> Result<UnixStream> {
    let doing = "opening the sandbox's files";
    if sandbox.running_record().is_err() {
        // Two mounts of one writable layer would not agree, so a start waits for this.
        let _turn = sandbox.turn.lock().await;
        let record = sandbox.record().ok_or(EngineError::SandboxNotFound)?;
        return inner
            .launcher
            .launch(&Launch::Files(record.root))
            .map_err(|error| EngineError::internal(doing, error));
    }
    let (ours, theirs) = UnixStream::pair().map_err(|error| EngineError::internal(doing, error))?;
    let mut channel = control::send(&sandbox, &Request::Files, &[theirs.as_fd()]).await?;
    let reply = channel
        .receiver
        .recv::<Reply>()
        .await
        .map_err(|error| lost(&error))?;
    check(reply.map(|(reply, _)| reply))?;
    Ok(ours)
}

/// Connects to a port inside a running sandbox.
pub(super) async fn connect(sandbox: &Sandbox, port: ContainerPort) -> Result<Box<dyn Connection>> {
    if port.protocol != Protocol::Tcp {
        return Err(EngineError::BadRequest(format!(
            "port {port} is not a TCP port"
        )));
    }
    let doing = format!("connecting to port {port} in the sandbox");
    let mut channel = control::send(sandbox, &Request::Connect(port.port), &[]).await?;
    let reply = channel
        .receiver
        .recv::<Reply>()
        .await
        .map_err(|error| lost(&error))?;
    let fds = match reply {
        Some((Reply::Done, fds)) => fds,
        Some((reply, _)) => {
            return Err(check(Some(reply)).map_or_else(|error| error, |reply| unexpected(&reply)));
        }
        None => return Err(EngineError::NotRunning),
    };
    let socket = fds
        .into_iter()
        .next()
        .ok_or_else(|| EngineError::internal(&*doing, "no connection came along"))?;
    let stream = std::net::TcpStream::from(socket);
    let stream = stream
        .set_nonblocking(true)
        .and_then(|()| TcpStream::from_std(stream));
    Ok(Box::new(
        stream.map_err(|error| EngineError::internal(doing, error))?,
    ))
}
