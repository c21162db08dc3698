//! Starting a command, and knowing that it was executed.

use std::io::Cursor;
use std::time::Duration;

use bollard::models::ExecConfig;
use bollard::query_parameters::ResizeExecOptions;
use ctnr_engine::{EngineError, ExecSpec, Result, Stdio, TerminalSize};
use serde::Serialize;
use tokio::io::{AsyncReadExt, Chain, ReadHalf, WriteHalf};

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

/// What a command puts out: what has been read of it already, and the rest.
pub(super) type Output = Chain<Cursor<Vec<u8>>, ReadHalf<Hijacked>>;

/// A command that was executed, and its connection.
pub(super) struct StartedCommand {
    pub(super) command: Command,
    pub(super) terminal: bool,
    pub(super) output: Output,
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
    let mut begun = Vec::new();
    let pid = match executed(daemon, &created.id).await? {
        Start::Running(pid) => Some(pid),
        Start::Ended => None,
        Start::Unknown => {
            begin(&mut output, &mut begun).await;
            let reason = reason(&begun);
            match not_executed(&reason, program) {
                Some(error) => return Err(error),
                // A program's own output begins with a frame's head; the daemon's words do not.
                None if daemon.is_podman() && reason.len() < begun.len() => None,
                None if daemon.is_podman() && begun.is_empty() => None,
                None => return Err(EngineError::internal(DOING, reason.trim())),
            }
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
        output: Cursor::new(begun).chain(output),
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

/// What the daemon says of a command that it was to start.
enum Start {
    /// Its process id on the host.
    Running(u32),
    /// It was executed, and has ended since.
    Ended,
    /// It has ended, or was not executed: its output tells.
    Unknown,
}

/// Waits until the program has been executed, or has failed to be. Docker keeps the process id of a
/// command that has ended; Podman does not.
async fn executed(daemon: &Daemon, exec: &str) -> Result<Start> {
    let look = async {
        let mut pause = POLL;
        loop {
            let inspected = daemon.call(DOING, daemon.api().inspect_exec(exec)).await?;
            let pid = inspected.pid.and_then(|pid| u32::try_from(pid).ok());
            match pid.filter(|pid| *pid != 0) {
                Some(pid) => return Ok(Start::Running(pid)),
                None if inspected.running == Some(false) && inspected.exit_code.is_some() => {
                    let code = inspected.exit_code;
                    let own = code.is_some_and(|code| (0..125).contains(&code));
                    return Ok(if own && daemon.is_podman() {
                        Start::Ended
                    } else {
                        Start::Unknown
                    });
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

/// Reads the beginning of a command's output, or what the daemon wrote instead of it.
async fn begin(output: &mut ReadHalf<Hijacked>, begun: &mut Vec<u8>) {
    let mut output = output.take(REASON);
    // What has been read when the time is over, or the connection breaks, is reason enough.
    let _ = tokio::time::timeout(Duration::from_secs(5), output.read_to_end(begun)).await;
}

/// The text in the first frame of a command's output, or in place of one.
fn reason(begun: &[u8]) -> String {
    let framed = matches!(begun, [1 | 2, 0, 0, 0, ..]);
    let text = begun.get(8..).filter(|_| framed);
    String::from_utf8_lossy(text.unwrap_or(begun)).into_owned()
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
