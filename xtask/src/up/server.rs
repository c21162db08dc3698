//! The backend as a child of this task.
//!
//! While the demo is walked through, what the backend logs goes to a file alone; after that it is
//! shown too.

use std::fs::File;
use std::io::{BufRead, BufReader, PipeReader, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};
use serde_json::Value;

use super::engine::Engine;
use crate::cache;
use crate::console::{self, Step};
use crate::http::Api;
use crate::signals;
use crate::workspace::Workspace;

/// How long the backend may take to answer, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where and how a backend is started.
pub(crate) struct Place {
    pub(crate) port: u16,
    /// Serves the requests that name no engine.
    pub(crate) engine: Engine,
    /// Whether it was built with optimisations.
    pub(crate) release: bool,
    /// A data directory of its own, with an embedded database and no limits, to measure; the
    /// user's settings where none is given.
    pub(crate) data_dir: Option<PathBuf>,
}

/// A running backend, stopped when this value goes.
pub(crate) struct Server {
    child: Child,
    api: Api,
    log: PathBuf,
    shown: Arc<AtomicBool>,
    started_in: Duration,
}

/// Refuses to start where somebody listens already.
pub(crate) fn expect_free(port: u16) -> Result<()> {
    if TcpStream::connect(("127.0.0.1", port)).is_err() {
        return Ok(());
    }
    let healthy = Api::at(port, Duration::from_secs(5))
        .send("GET", "/healthz", None)
        .is_ok_and(|answer| answer.status == 200);
    if healthy {
        bail!(
            "a server answers on port {port} already: use it, or stop it (Ctrl-C where it runs) \
             and try again"
        );
    }
    bail!("port {port} is taken by another program: stop that, or choose one with --port");
}

impl Server {
    /// Starts the built backend and waits until it answers.
    pub(crate) fn start(place: &Place) -> Result<Self> {
        let step = Step::start("Starting the backend");
        let profile = if place.release { "release" } else { "debug" };
        let program = Workspace::read()?
            .target_directory
            .join(profile)
            .join("backend");
        let log = cache::root()?.join("backend.log");
        let file = File::create(&log).with_context(|| format!("cannot write {log:?}"))?;
        let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
        let copy = writer.try_clone().context("cannot copy a pipe's end")?;
        let mut command = Command::new(&program);
        if let Some(data_dir) = &place.data_dir {
            let database = format!("sqlite://{}", data_dir.join("ctnr.db").display());
            command
                .env("CONTAINERS_DATA_DIR", data_dir)
                .env("DATABASE_URL", database)
                .env("CONTAINERS_RATE_LIMIT", "0")
                .env("CONTAINERS_LOG", "warn");
        }
        let started = Instant::now();
        let child = command
            .env("CONTAINERS_HTTP_ADDR", format!("127.0.0.1:{}", place.port))
            .env("CONTAINERS_ENGINE", place.engine.name())
            .stdin(Stdio::null())
            .stdout(copy)
            .stderr(writer)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {program:?}"))?;
        // The command holds copies of the pipe's end, without which the log would have no end.
        drop(command);
        let shown = Arc::new(AtomicBool::new(false));
        let show = Arc::clone(&shown);
        thread::spawn(move || keep_log(reader, file, &show));
        let mut server = Self {
            child,
            api: Api::at(place.port, Duration::from_secs(120)),
            log,
            shown,
            started_in: Duration::ZERO,
        };
        server.wait_for_answer()?;
        server.started_in = started.elapsed();
        step.done_with(server.api.base());
        Ok(server)
    }

    fn wait_for_answer(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            if let Ok(answer) = self.api.send("GET", "/healthz", None)
                && answer.status == 200
            {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait().context("cannot watch the backend")? {
                // The thread that writes the log sees the end of the pipe at about this time.
                thread::sleep(Duration::from_millis(100));
                let said = std::fs::read_to_string(&self.log).unwrap_or_default();
                bail!("the backend ended at once: {status}\n{}", said.trim_end());
            }
            if started.elapsed() > PATIENCE || signals::received() {
                bail!("the backend does not answer; {}", self.log_hint());
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How long it took from the start of the process to the first answer.
    pub(crate) fn started_in(&self) -> Duration {
        self.started_in
    }

    /// Where to look when something went wrong.
    pub(crate) fn log_hint(&self) -> String {
        format!("what the backend said is in {}", self.log.display())
    }

    /// Stays until Ctrl-C or until the backend ends by itself.
    pub(crate) fn stay(mut self) -> Result<()> {
        self.shown.store(true, Ordering::Relaxed);
        while !signals::received() {
            if let Some(status) = self.child.try_wait().context("cannot watch the backend")? {
                bail!("the backend ended: {status}; {}", self.log_hint());
            }
            thread::sleep(Duration::from_millis(50));
        }
        let containers = self.running("/api/containers?state=running");
        let running = self.running("/v1/sandboxes");
        let base = self.api.base().to_owned();
        drop(self);
        console::note("");
        console::note("The server has stopped.");
        if !containers.is_empty() {
            console::note(format!(
                "These containers keep running: {}.",
                containers.join(", ")
            ));
            console::note("`cargo xtask down` removes all of them. With the server running,");
            console::note("    cargo run -p ctnr-cli -- stop NAME      (keeps what is in one)");
        }
        if !running.is_empty() {
            console::note(format!(
                "These sandboxes keep running: {}.",
                running.join(", ")
            ));
            console::note("`cargo xtask down` removes all of them. With the server running, so do");
            console::note("    cargo run -p ctnr-cli -- sandbox rm --all");
            console::note(format!(
                "    curl -X DELETE {base}/v1/sandboxes/NAME      (one)"
            ));
        }
        Ok(())
    }

    /// The names of what a list holds, without the sandboxes that belong to containers.
    fn running(&self, list: &str) -> Vec<String> {
        let Ok(answer) = self.api.send("GET", list, None) else {
            return Vec::new();
        };
        let listed = answer.body["sandboxes"]
            .as_array()
            .or(answer.body["containers"].as_array())
            .cloned();
        listed
            .unwrap_or_default()
            .iter()
            .filter(|one| one["Labels"]["dev.ctnr.container"].is_null())
            .filter_map(|one| {
                let names = [&one["Names"][0], &one["name"], &one["Id"]];
                names.into_iter().find_map(Value::as_str)
            })
            .map(|name| name.trim_start_matches('/').to_owned())
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else {
            return;
        };
        let started = Instant::now();
        let _ = rustix::process::kill_process(pid, Signal::INT);
        while let Ok(None) = self.child.try_wait() {
            if started.elapsed() > PATIENCE {
                let _ = rustix::process::kill_process(pid, Signal::KILL);
                let _ = self.child.wait();
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Copies what the backend prints to the log file, and to the terminal while it is `shown`.
fn keep_log(reader: PipeReader, mut file: File, shown: &AtomicBool) {
    for line in BufReader::new(reader).split(b'\n') {
        let Ok(line) = line else {
            return;
        };
        let text = String::from_utf8_lossy(&line);
        // A full disk must not stop the backend, which would block on a full pipe.
        let _ = writeln!(file, "{text}");
        if shown.load(Ordering::Relaxed) {
            console::note(text);
        }
    }
}
