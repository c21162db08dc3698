//! A mock of the API, and the program run against it.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::runtime::Runtime;

/// The id of the mock's sandbox.
pub(crate) const ID: &str = "a3f8c2d1e4b5a3f8c2d1e4b5a3f8c2d1e4b5a3f8c2d1e4b5a3f8c2d1e4b5a3f8";

/// A request as the mock saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Method, path and query.
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

type Log = Arc<Mutex<Vec<Seen>>>;

/// A server with canned answers, on a port of its own.
pub(crate) struct Mock {
    _runtime: Runtime,
    pub(crate) url: String,
    seen: Log,
}

impl Mock {
    /// Serves the routes, and records every request.
    pub(crate) fn new(routes: Router) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let seen = Log::default();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = routes
            .fallback(missing)
            .layer(from_fn_with_state(seen.clone(), record));
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Self {
            _runtime: runtime,
            url,
            seen,
        }
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The first lines of the requests so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    /// The program, told to talk to this server.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = bare(args);
        command.env("CONTAINERS_URL", &self.url);
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args))
    }

    /// Runs it with this on standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(args);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    }
}

async fn record(State(seen): State<Log>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let line = format!("{} {}", parts.method, parts.uri);
    // A WebSocket has no body, and its connection has to stay with its request.
    if parts.headers.contains_key("upgrade") {
        seen.lock().unwrap().push(Seen {
            line,
            headers: parts.headers.clone(),
            body: Bytes::new(),
        });
        return next.run(Request::from_parts(parts, body)).await;
    }
    let body = match axum::body::to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(_) => return StatusCode::BAD_REQUEST.into_response(),
    };
    seen.lock().unwrap().push(Seen {
        line,
        headers: parts.headers.clone(),
        body: body.clone(),
    });
    next.run(Request::from_parts(parts, body.into())).await
}

async fn missing(uri: Uri) -> Response {
    let message = if uri.path().starts_with("/api/") {
        "container not found"
    } else {
        "sandbox not found"
    };
    error(StatusCode::NOT_FOUND, "NOT_FOUND", message)
}

/// An error as the API shapes it.
pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = serde_json::json!({ "code": code, "message": message });
    (status, axum::Json(body)).into_response()
}

/// The program without a server, and with nothing of the tester's own settings.
pub(crate) fn bare(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctnr"));
    command
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null());
    command
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(mut command: Command) -> Self {
        Self::from(command.output().unwrap())
    }

    /// Both streams and the code, for a snapshot.
    pub(crate) fn shown(&self) -> String {
        format!("{}--- {}\n{}", self.out, self.code, self.err)
    }

    /// Standard output of a run that has to have gone well.
    pub(crate) fn good(&self) -> &str {
        assert_eq!(self.code, 0, "{}", self.err);
        &self.out
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
