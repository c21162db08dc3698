//! Starting a command, and knowing that it was executed.

use std::time::Duration;

use bollard::models::ExecConfig;
use bollard::query_parameters::ResizeExecOptions;
use ctnr_engine::{EngineError, ExecSpec, Result, Stdio, TerminalSize};
use serde::Serialize;
use tokio::io::{AsyncReadExt, ReadHalf, WriteHalf};

use super::command::Command;
use crate::daemon::Daemon;
use crate::failure::{self, NotExecuted};
use crate::raw::Hijacked;

/// The first and the longest pause between two looks at a command that is being started.
const POLL: Duration = Duration::from_millis(2);
const LONGEST_POLL: Duration = Duration::from_millis(50);
/// How long a start may take.
const TIMEOUT: Duration = Duration::from_secs(120);
/// How much of the daemon's reason is read.
const REASON: u64 = 8 * 1024;

const DOING: &str = "running a command in the sandbox";

/// A command that was executed, and its connection.
pub(super) struct StartedCommand {
    pub(super) command: Command,
    pub(super) terminal: bool,
    pub(super) output: ReadHalf<Hijacked>,
    pub(super) stdin: Option<WriteHalf<Hijacked>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StartBody {
    detach: bool,
    tty: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    console_size: Option<[u16; 2]>,
}

/// Runs a command; when this returns, the program has been executed.
pub(super) async fn start(
    daemon: &Daemon,
    container: &str,
    spec: &ExecSpec,
) -> Result<StartedCommand> {
    let program = spec.cmd.first().map_or("", String::as_str);
    let size = match spec.stdio {
        Stdio::Terminal(size) => Some(size),
        Stdio::Pipes { .. } => None,
    };
    let wants_stdin = size.is_some() || spec.stdio == (Stdio::Pipes { stdin: true });
    let created = daemon
        .call(
            DOING,
            daemon
                .api()
                .create_exec(container, config(spec, wants_stdin, size)),
        )
        .await?;
    let body = StartBody {
        detach: false,
        tty: size.is_some(),
        console_size: size.map(|size| [size.rows, size.columns]),
    };
    let path = format!("/exec/{}/start", created.id);
    let connection = daemon
        .raw_call(DOING, daemon.raw().hijack(DOING, &path, &body))
        .await
        .map_err(|error| not_executed(&error.to_string(), program).unwrap_or(error))?;
    let (mut output, stdin) = tokio::io::split(connection);
    let pid = match executed(daemon, &created.id).await? {
        Some(pid) => pid,
        None => {
            let reason = reason(&mut output).await;
            return Err(not_executed(&reason, program)
                .unwrap_or_else(|| EngineError::internal(DOING, reason.trim())));
        }
    };
    let command = Command::new(daemon.clone(), container.to_owned(), created.id, pid);
    if let Some(size) = size {
        // Engines before 23.0 ignore the size they are given at the start.
        resize(daemon, command.exec(), size).await?;
    }
    Ok(StartedCommand {
        command,
        terminal: size.is_some(),
        output,
        stdin: wants_stdin.then_some(stdin),
    })
}

fn config(spec: &ExecSpec, stdin: bool, size: Option<TerminalSize>) -> ExecConfig {
    ExecConfig {
        attach_stdin: Some(stdin),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        console_size: size.map(|size| vec![usize::from(size.rows), usize::from(size.columns)]),
        // The default would take Ctrl-P Ctrl-Q out of the input.
        detach_keys: Some("ctrl-^,ctrl-],ctrl-^,ctrl-]".to_owned()),
        tty: Some(size.is_some()),
        env: Some(spec.env.iter().map(ToString::to_string).collect()),
        cmd: Some(spec.cmd.clone()),
        privileged: Some(false),
        user: spec.user.as_ref().map(ToString::to_string),
        working_dir: spec.workdir.as_ref().map(ToString::to_string),
    }
}

/// Waits until the program has been executed; its process id on the host, or `None` where it was
/// not executed.
async fn executed(daemon: &Daemon, exec: &str) -> Result<Option<u32>> {
    let look = async {
        let mut pause = POLL;
        loop {
            let inspected = daemon.call(DOING, daemon.api().inspect_exec(exec)).await?;
            let pid = inspected.pid.and_then(|pid| u32::try_from(pid).ok());
            match pid.filter(|pid| *pid != 0) {
                Some(pid) => return Ok(Some(pid)),
                None if inspected.running == Some(false) && inspected.exit_code.is_some() => {
                    return Ok(None);
                }
                None => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 3 / 2).min(LONGEST_POLL);
                }
            }
        }
    };
    tokio::time::timeout(TIMEOUT, look)
        .await
        .map_err(|_| failure::timed_out(DOING))?
}

/// What the daemon wrote instead of the program's output.
async fn reason(output: &mut ReadHalf<Hijacked>) -> String {
    let mut bytes = Vec::new();
    let mut output = output.take(REASON);
    // What has been read when the time is over, or the connection breaks, is reason enough.
    let _ = tokio::time::timeout(Duration::from_secs(5), output.read_to_end(&mut bytes)).await;
    let text = bytes.get(8..).filter(|_| bytes.starts_with(&[1, 0, 0, 0]));
    String::from_utf8_lossy(text.unwrap_or(&bytes)).into_owned()
}

fn not_executed(message: &str, program: &str) -> Option<EngineError> {
    NotExecuted::parse(message).map(|reason| reason.into_error(program))
}

/// Sets a terminal's size.
pub(super) async fn resize(daemon: &Daemon, exec: &str, size: TerminalSize) -> Result<()> {
    let options = ResizeExecOptions {
        h: i32::from(size.rows),
        w: i32::from(size.columns),
    };
    let resized = daemon
        .call(
            "resizing a command's terminal",
            daemon.api().resize_exec(exec, options),
        )
        .await;
    let Err(error) = resized else { return Ok(()) };
    // A command that has ended needs no size, and the daemon has many words for that.
    match daemon.call(DOING, daemon.api().inspect_exec(exec)).await {
        Ok(inspected) if inspected.running == Some(true) => Err(error),
        Ok(_) | Err(EngineError::Internal { .. } | EngineError::SandboxNotFound) => {
            tracing::debug!(%error, "terminal not resized");
            Ok(())
        }
        Err(error) => Err(error),
    }
}
