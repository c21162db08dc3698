//! `POST /v1/sandboxes/{id}/exec`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use ctnr_api::{ExecFrame, ExecRequest, ExecResult, ExecStarted, OutputStream, TextEncoding};
use ctnr_engine::{ExecSession, Stdio, TerminalSize};
use ctnr_model::ExecId;
use futures::Stream;

use super::collect::collect;
use super::session::{Ended, Running, Step};
use super::text::{self, Pieces};
use crate::app::{self, AppError};
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::{Body, SandboxRef};
use crate::http::ndjson::{self, NDJSON, accepts};
use crate::http::openapi::Errors;

/// The longest timeout that can be asked for.
const MAX_SECONDS: f64 = 86_400.0;

/// Run a command in a sandbox
///
/// Answers when the command has ended, with its output and exit code; with `stream`, as it puts
/// out; with `detach`, at once. A command that does not exist has the exit code 127, one that
/// can't be run 126, as in shells. A caller who goes away ends the command, unless it is detached.
#[utoipa::path(
    post,
    path = "/v1/sandboxes/{id}/exec",
    tag = "exec",
    operation_id = "run_command",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    request_body = ExecRequest,
    responses(
        (status = 200, description = "The command has ended, or is streamed", content(
            (ExecResult = "application/json"), (ExecFrame = "application/x-ndjson")
        )),
        (status = 201, description = "The command runs, detached", body = ExecStarted),
        Errors
    )
)]
pub(super) async fn run(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    headers: HeaderMap,
    Body(mut request): Body<ExecRequest>,
) -> Result<Response> {
    let hearing = Asked {
        stdin: request.stdin.take(),
        timeout: request.timeout,
        encoding: request.encoding,
        stream: request.stream,
        detach: request.detach,
        tty: request.tty,
    }
    .check(&headers)?;
    let started = api
        .app
        .exec(&query, convert(request, hearing.stdin.is_some()));
    hearing.answer(started.await).await
}

/// What a request says of how its command is fed and heard.
pub(in crate::http) struct Asked {
    pub(in crate::http) stdin: Option<String>,
    pub(in crate::http) timeout: Option<f64>,
    pub(in crate::http) encoding: TextEncoding,
    pub(in crate::http) stream: bool,
    pub(in crate::http) detach: bool,
    pub(in crate::http) tty: bool,
}

/// How a command is fed and heard.
pub(in crate::http) struct Hearing {
    pub(in crate::http) stdin: Option<Bytes>,
    timeout: Option<Duration>,
    encoding: TextEncoding,
    stream: bool,
    detach: bool,
}

impl Asked {
    /// Refuses what does not go together.
    pub(in crate::http) fn check(self, headers: &HeaderMap) -> Result<Hearing> {
        let stdin = match self.stdin {
            Some(stdin) => Some(text::decode(self.encoding, stdin)?),
            None => None,
        };
        let timeout = timeout(self.timeout)?;
        if self.detach && (stdin.is_some() || timeout.is_some() || self.stream) {
            return Err(ApiError::bad_request(
                "detach goes with neither stdin, timeout nor stream; attach to the command by its id",
            ));
        }
        if self.tty && !self.detach {
            return Err(ApiError::bad_request(
                "tty needs detach; for a terminal at once, open the WebSocket exec/ws",
            ));
        }
        Ok(Hearing {
            stdin,
            timeout,
            encoding: self.encoding,
            stream: self.stream || accepts(headers, NDJSON),
            detach: self.detach,
        })
    }
}

impl Hearing {
    /// The answer for a command that was started, or was not.
    pub(in crate::http) async fn answer(
        self,
        started: app::Result<(ExecId, ExecSession)>,
    ) -> Result<Response> {
        match started {
            Ok((id, _session)) if self.detach => {
                let started = ExecStarted { id: id.to_string() };
                Ok((StatusCode::CREATED, Json(started)).into_response())
            }
            Ok((id, session)) => {
                let running = Running::new(session, self.stdin, self.timeout);
                if self.stream {
                    return Ok(ndjson::respond(frames(Some(id), running, self.encoding)));
                }
                Ok(Json(collect(running, self.encoding).await?).into_response())
            }
            Err(error) if self.detach => Err(error.into()),
            Err(error) => not_started(error, self.encoding, self.stream),
        }
    }
}

fn timeout(seconds: Option<f64>) -> Result<Option<Duration>> {
    match seconds {
        None => Ok(None),
        Some(seconds) if seconds > 0.0 && seconds <= MAX_SECONDS => {
            Ok(Some(Duration::from_secs_f64(seconds)))
        }
        Some(_) => Err(ApiError::bad_request(
            "timeout: expected a number of seconds above 0 and up to 86400",
        )),
    }
}

fn convert(request: ExecRequest, stdin: bool) -> app::ExecRequest {
    app::ExecRequest {
        cmd: request.cmd,
        env: request.env.0,
        workdir: request.workdir,
        user: request.user,
        stdio: if request.tty {
            Stdio::Terminal(TerminalSize::default())
        } else {
            Stdio::Pipes { stdin }
        },
        detached: request.detach,
    }
}

/// The message and exit code of shells for a command that does not exist or can't be run.
pub(super) fn shell_word(error: AppError) -> Result<(String, i32)> {
    match error {
        AppError::CommandNotFound(message) => Ok((message, 127)),
        AppError::CommandNotExecutable(message) => Ok((message, 126)),
        error => Err(error.into()),
    }
}

/// The answer for a command that did not start: that of a shell, where a shell has one.
fn not_started(error: AppError, encoding: TextEncoding, stream: bool) -> Result<Response> {
    let (mut message, exit_code) = shell_word(error)?;
    message.push('\n');
    let message = text::encode(encoding, message.into_bytes());
    if stream {
        let frames = [
            ExecFrame::Output {
                stream: OutputStream::Stderr,
                data: message,
            },
            ExecFrame::Exit {
                exit_code,
                timed_out: false,
                oom_killed: false,
            },
        ];
        return Ok(ndjson::respond(futures::stream::iter(frames)));
    }
    let result = ExecResult {
        output: message.clone(),
        stderr: message,
        exit_code,
        ..ExecResult::default()
    };
    Ok(Json(result).into_response())
}

/// What a command does, as lines of its answer. `id` is told first where it is given.
pub(super) fn frames(
    id: Option<ExecId>,
    running: Running,
    encoding: TextEncoding,
) -> impl Stream<Item = ExecFrame> + Send {
    let state = Frames {
        started: id.map(|id| ExecFrame::Started { id: id.to_string() }),
        running: Some(running),
        encoding,
        stdout: Pieces::default(),
        stderr: Pieces::default(),
        last: Vec::new(),
    };
    futures::stream::unfold(state, |mut state| async move {
        state.next().await.map(|frame| (frame, state))
    })
}

struct Frames {
    started: Option<ExecFrame>,
    /// Gone once the command has ended.
    running: Option<Running>,
    encoding: TextEncoding,
    stdout: Pieces,
    stderr: Pieces,
    /// The last lines, the last one first.
    last: Vec<ExecFrame>,
}

impl Frames {
    async fn next(&mut self) -> Option<ExecFrame> {
        if let Some(started) = self.started.take() {
            return Some(started);
        }
        while let Some(running) = &mut self.running {
            match running.step().await {
                Step::Output(output) => {
                    if let Some(frame) = self.output(output.stream, &output.data) {
                        return Some(frame);
                    }
                }
                Step::Ended(ended) => self.end(exit(ended)),
                Step::Lost(error) => self.end(ExecFrame::Error {
                    error: ApiError::from(error).into_body(),
                }),
            }
        }
        self.last.pop()
    }

    fn output(&mut self, stream: ctnr_engine::OutputStream, data: &Bytes) -> Option<ExecFrame> {
        let stream = super::stream_of(stream);
        let pieces = match stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        };
        let data = pieces.next(self.encoding, data);
        (!data.is_empty()).then_some(ExecFrame::Output { stream, data })
    }

    fn end(&mut self, frame: ExecFrame) {
        self.running = None;
        self.last.push(frame);
        for (stream, pieces) in [
            (OutputStream::Stderr, &mut self.stderr),
            (OutputStream::Stdout, &mut self.stdout),
        ] {
            let data = pieces.finish();
            if !data.is_empty() {
                self.last.push(ExecFrame::Output { stream, data });
            }
        }
    }
}

fn exit(ended: Ended) -> ExecFrame {
    ExecFrame::Exit {
        exit_code: ended.exit_code,
        timed_out: ended.timed_out,
        oom_killed: ended.oom_killed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_have_a_range() {
        assert_eq!(timeout(None).unwrap(), None);
        assert_eq!(
            timeout(Some(0.5)).unwrap(),
            Some(Duration::from_millis(500))
        );
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 86_401.0] {
            assert!(timeout(Some(bad)).is_err(), "{bad}");
        }
    }
}
