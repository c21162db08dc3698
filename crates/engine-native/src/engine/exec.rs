//! Commands in running sandboxes.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ctnr_engine::{
    EngineError, ExecInfo, ExecSession, ExecSpec, OutputStream, Result, Stdio, TerminalSize,
};
use ctnr_model::ExecId;
use rustix::pipe::{PipeFlags, pipe_with};

use super::attach;
use super::control::{self, check, lost, unexpected};
use super::sandbox::Sandbox;
use super::session::{Streams, attached};
use crate::protocol::{Reply, Request};

/// Runs a command; see the trait.
pub(super) async fn exec(sandbox: &Sandbox, spec: &ExecSpec) -> Result<ExecSession> {
    if spec.cmd.first().is_none_or(String::is_empty) {
        return Err(EngineError::BadRequest(
            "cmd must name a program".to_owned(),
        ));
    }
    let request = Request::Exec(Box::new(spec.clone()));
    if spec.detached {
        return attach::session(control::send(sandbox, &request, &[]).await?).await;
    }
    let doing = |error: std::io::Error| EngineError::internal("connecting the command", error);
    let mut streams = Streams::default();
    let theirs = match spec.stdio {
        Stdio::Pipes { stdin } => make_pipes(stdin, &mut streams).map_err(doing)?,
        Stdio::Terminal(_) => Vec::new(),
    };
    let fds: Vec<BorrowedFd<'_>> = theirs.iter().map(AsFd::as_fd).collect();
    let mut channel = control::send(sandbox, &request, &fds).await?;
    drop(theirs);
    let reply = channel
        .receiver
        .recv::<Reply>()
        .await
        .map_err(|error| lost(&error))?;
    match reply {
        Some((Reply::Started(_), fds)) => {
            if let Some(master) = fds.into_iter().next() {
                streams.set_terminal(master).map_err(doing)?;
            }
            attached(channel, streams).map_err(doing)
        }
        reply => Err(match check(reply.map(|(reply, _)| reply)) {
            Ok(reply) => unexpected(&reply),
            Err(error) => error,
        }),
    }
}

/// Makes the command's pipes: keeps one end of each, and returns the others.
fn make_pipes(stdin: bool, streams: &mut Streams) -> std::io::Result<Vec<OwnedFd>> {
    let stdin_end = if stdin {
        let (theirs, ours) = pipe_with(PipeFlags::CLOEXEC)?;
        streams.stdin = Some(ours);
        theirs
    } else {
        std::fs::File::open("/dev/null")?.into()
    };
    let mut theirs = vec![stdin_end];
    for stream in [OutputStream::Stdout, OutputStream::Stderr] {
        let (ours, end) = pipe_with(PipeFlags::CLOEXEC)?;
        streams.output.push((stream, ours));
        theirs.push(end);
    }
    Ok(theirs)
}

/// The detached commands.
pub(super) async fn list(sandbox: &Sandbox) -> Result<Vec<ExecInfo>> {
    match control::ask(sandbox, &Request::Execs).await? {
        Reply::Execs(execs) => Ok(execs),
        reply => Err(unexpected(&reply)),
    }
}

/// Signals a detached command.
pub(super) async fn signal(sandbox: &Sandbox, exec: &ExecId, signal: i32) -> Result<()> {
    control::ask(sandbox, &Request::Signal(exec.clone(), signal))
        .await
        .map(drop)
}

/// Resizes a detached command's terminal.
pub(super) async fn resize(sandbox: &Sandbox, exec: &ExecId, size: TerminalSize) -> Result<()> {
    control::ask(sandbox, &Request::Resize(exec.clone(), size))
        .await
        .map(drop)
}
