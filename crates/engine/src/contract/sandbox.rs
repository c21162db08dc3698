//! A sandbox in a behaviour.

use std::time::Duration;

use ctnr_model::{ContainerPath, ExecId, ExitStatus, SandboxId, SandboxSpec, SandboxStatus};
use futures::{StreamExt, TryStreamExt};

use super::Bench;
use super::bench::{eventually, random, words};
use crate::{
    EngineError, ExecOutput, ExecSession, ExecSpec, LogEntry, LogQuery, OutputStream, Result,
    SandboxFiles, Started, Stdio, Stream,
};

/// A sandbox that a behaviour made.
pub struct Sandbox {
    bench: Bench,
    /// What was asked of it.
    pub spec: SandboxSpec,
    /// What came of it.
    pub started: Started,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// How it ended.
    pub status: ExitStatus,
}

impl Sandbox {
    pub(super) fn new(bench: Bench, spec: SandboxSpec, started: Started) -> Self {
        Self {
            bench,
            spec,
            started,
        }
    }

    /// Its id.
    pub fn id(&self) -> &SandboxId {
        &self.spec.id
    }

    /// Its state at this moment.
    pub async fn status(&self) -> SandboxStatus {
        let status = self.bench.engine().status(self.id()).await;
        status.expect("the sandbox has a state")
    }

    /// Waits until its program has ended.
    pub async fn ended(&self) -> SandboxStatus {
        eventually("the sandbox's program ends", || async {
            Some(self.status().await).filter(|status| !status.state.is_alive())
        })
        .await
    }

    /// Stops it.
    pub async fn stop(&self) -> SandboxStatus {
        let grace = Duration::from_secs(30);
        let stopped = self.bench.engine().stop(self.id(), grace).await;
        stopped.expect("the sandbox is stopped")
    }

    /// Starts it again.
    pub async fn start(&mut self) {
        let ports = self.started.ports.clone();
        let started = self.bench.engine().start(&self.spec, &ports).await;
        self.started = started.expect("the sandbox is started again");
    }

    /// Runs a command.
    ///
    /// # Errors
    /// The engine's.
    pub async fn exec(&self, spec: &ExecSpec) -> Result<ExecSession> {
        self.bench.engine().exec(self.id(), spec).await
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// The engine's.
    pub async fn run(&self, spec: &ExecSpec) -> Result<Output> {
        finish(self.exec(spec).await?).await
    }

    /// Runs a shell script to its end.
    pub async fn sh(&self, script: &str) -> Output {
        let spec = command(&["sh", "-c", script]);
        self.run(&spec).await.expect("the script is run")
    }

    /// Runs a shell script that has to succeed; its output without the last end of line.
    pub async fn read(&self, script: &str) -> String {
        let output = self.sh(script).await;
        assert_eq!(output.status.code, 0, "{script}: {output:?}");
        output.stdout.trim_end().to_owned()
    }

    /// Its files.
    pub async fn files(&self) -> Box<dyn SandboxFiles> {
        let files = self.bench.engine().files(self.id()).await;
        files.expect("the sandbox has files")
    }

    /// Its log.
    pub async fn logs(&self, query: &LogQuery) -> Stream<Result<LogEntry>> {
        let logs = self.bench.engine().logs(self.id(), query).await;
        logs.expect("the sandbox has a log")
    }

    /// The text of its log.
    pub async fn log(&self, query: &LogQuery) -> String {
        let entries: Vec<LogEntry> = self
            .logs(query)
            .await
            .try_collect()
            .await
            .expect("the log is read");
        let bytes: Vec<u8> = entries
            .iter()
            .flat_map(|entry| entry.data.to_vec())
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until its log holds a text.
    pub async fn logged(&self, text: &str) {
        eventually(&format!("the log holds {text:?}"), || async {
            let log = self.log(&LogQuery::default()).await;
            log.contains(text).then_some(())
        })
        .await;
    }
}

/// A command without input.
pub(super) fn command(cmd: &[&str]) -> ExecSpec {
    ExecSpec {
        id: ExecId::from_random(random()),
        cmd: words(cmd),
        env: Vec::new(),
        workdir: None,
        user: None,
        stdio: Stdio::Pipes { stdin: false },
        detached: false,
    }
}

/// Reads a command to its end.
pub(super) async fn finish(session: ExecSession) -> Result<Output> {
    let ExecSession {
        stdin,
        mut output,
        exit,
        control,
    } = session;
    drop(stdin);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    while let Some(ExecOutput { stream, data }) = output.next().await.transpose()? {
        match stream {
            OutputStream::Stdout => stdout.extend_from_slice(&data),
            OutputStream::Stderr => stderr.extend_from_slice(&data),
        }
    }
    let status = exit.await?;
    drop(control);
    Ok(Output {
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
        status,
    })
}

/// Reads output until it holds a text.
pub(super) async fn until(output: &mut Stream<Result<ExecOutput>>, text: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(text) {
        match output.next().await {
            Some(Ok(piece)) => seen.push_str(&String::from_utf8_lossy(&piece.data)),
            Some(Err(error)) => panic!("the output broke off: {error}"),
            None => panic!("the output ended without {text:?}: {seen:?}"),
        }
    }
    seen
}

/// A path inside a sandbox.
pub(super) fn path(text: &str) -> ContainerPath {
    ContainerPath::parse(text).expect("a path")
}

/// Whether an error says that a file is not there.
pub(super) fn is_missing(error: &EngineError) -> bool {
    matches!(error, EngineError::FileNotFound { .. })
}
