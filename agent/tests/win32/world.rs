//! An engine with the runtime in it, and containers on it.
#![expect(
    unsafe_code,
    reason = "the launcher has to run before the test harness"
)]

use std::path::PathBuf;
use std::time::Duration;

use ctnr_agent::win32::{Program, realise};
use ctnr_engine::{ExecSession, ExecSpec, LayerArchive, OutputStream, SandboxEngine, Stdio};
use ctnr_engine_native::{NativeConfig, NativeEngine};
use ctnr_model::container::{Bitness, Manifest, RuntimeReference};
use ctnr_model::{
    ContainerName, ContainerPath, Digest, ExecId, FileOwner, ImageReference, Labels, LayerId,
    SandboxId, SandboxName, SandboxSpec, SandboxStatus,
};
use ctnr_plan::{LinuxTarget, PlanInput, Target, plan};
use ctnr_wine::layout;
use futures::StreamExt;
use tokio::io::AsyncWriteExt;

/// Runs before the harness: the engine starts this very program as its launcher.
#[used]
// SAFETY: the section holds functions of this form, which the C library calls before `main`.
#[unsafe(link_section = ".init_array")]
static LAUNCHER: extern "C" fn() = {
    extern "C" fn launch() {
        ctnr_agent::launcher_main_if_asked();
    }
    launch
};

/// An engine of one test.
pub(crate) struct World {
    pub(crate) engine: NativeEngine,
    runtime: Digest,
    tools: LayerId,
    _folder: tempfile::TempDir,
}

/// What a program did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

fn given(name: &str) -> PathBuf {
    let value = std::env::var_os(name);
    PathBuf::from(value.unwrap_or_else(|| panic!("{name} is set by cargo xtask test")))
}

impl World {
    /// An engine with the runtime, and a layer with the programs below `C:\tools`.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory for the engine's data");
        let engine = NativeEngine::open(NativeConfig {
            data_dir: folder.path().to_owned(),
            subnet: None,
        });
        let engine = engine.await.expect("a native engine");
        let archive = tokio::fs::File::open(given("CTNR_TEST_WINE")).await;
        let (progress, mut told) = tokio::sync::mpsc::channel(16);
        tokio::spawn(async move { while told.recv().await.is_some() {} });
        let imported = engine
            .images()
            .import(Box::new(archive.expect("the runtime's archive")), progress);
        imported.await.expect("the runtime is imported");
        let details = engine.images().inspect(layout::IMAGE).await;
        let runtime = details.expect("the runtime").manifest.expect("its digest");

        let mut tar = tar::Builder::new(Vec::new());
        tar.append_dir_all("tools", given("CTNR_TEST_WIN32"))
            .expect("the programs");
        let tar = tar.into_inner().expect("a tar");
        let tools = LayerId::from_random(rand::random());
        let layer = LayerArchive {
            content: Box::new(std::io::Cursor::new(tar)),
            at: ContainerPath::parse(layout::DRIVE_C).expect("a path"),
            owner: FileOwner {
                uid: layout::UID,
                gid: layout::UID,
            },
            only: Vec::new(),
            most: None,
        };
        engine
            .import_layer(&tools, layer)
            .await
            .expect("the programs are a layer");
        Self {
            engine,
            runtime,
            tools,
            _folder: folder,
        }
    }

    /// A container with a session that is ready.
    pub(crate) async fn container(&self) -> SandboxSpec {
        let id = SandboxId::from_random(rand::random());
        let name = ContainerName::parse("test").expect("a name");
        let runtime = RuntimeReference::Digest(self.runtime.clone());
        let manifest = Manifest::empty(name, Bitness::X64, runtime);
        let input = PlanInput {
            manifest: &manifest,
            runtime: &self.runtime,
            layers: std::slice::from_ref(&self.tools),
        };
        let target = Target::Linux(LinuxTarget {
            prefix: ContainerPath::parse(layout::PREFIX).expect("a path"),
            user: layout::USER.to_owned(),
            owner: FileOwner {
                uid: layout::UID,
                gid: layout::UID,
            },
            folders: Default::default(),
            allowed: Vec::new(),
        });
        let plan = plan(&input, &target).expect("a plan");
        let image = format!("wine@{}", self.runtime);
        let image = ImageReference::parse(&image).expect("a reference");
        let realised = realise(&plan, image).expect("a sandbox");
        let spec = SandboxSpec {
            name: SandboxName::parse(&format!("win32-{}", id.short())).expect("a name"),
            image: realised.image,
            process: realised.process,
            ports: Vec::new(),
            labels: Labels::new(),
            limits: realised.limits,
            network: realised.network,
            layers: realised.layers,
            mounts: realised.mounts,
            id,
        };
        self.engine.create(&spec).await.expect("it is created");
        self.settle(&spec).await;
        spec
    }

    /// Waits for the session of a container that was started.
    pub(crate) async fn settle(&self, spec: &SandboxSpec) {
        let waited = self.exec(spec, vec![layout::WAIT.to_owned()], b"").await;
        assert_eq!(waited.code, 0, "{waited:?}");
    }

    /// Runs a program of Windows.
    pub(crate) async fn run(&self, spec: &SandboxSpec, words: &[&str]) -> Ran {
        self.run_with(spec, words, b"").await
    }

    /// Runs a program of Windows with something on its standard input.
    pub(crate) async fn run_with(&self, spec: &SandboxSpec, words: &[&str], input: &[u8]) -> Ran {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let program = Program::new(words).expect("a program");
        self.exec(spec, program.command().args, input).await
    }

    /// Starts a program of Windows, whose standard input stays open.
    pub(crate) async fn start(&self, spec: &SandboxSpec, words: &[&str]) -> ExecSession {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let program = Program::new(words).expect("a program");
        self.session(spec, program.command().args, true).await
    }

    async fn session(&self, spec: &SandboxSpec, cmd: Vec<String>, stdin: bool) -> ExecSession {
        let exec = ExecSpec {
            id: ExecId::from_random(rand::random()),
            cmd,
            env: Vec::new(),
            workdir: None,
            user: None,
            stdio: Stdio::Pipes { stdin },
            detached: false,
        };
        self.engine.exec(&spec.id, &exec).await.expect("it starts")
    }

    /// Executes on the Linux side.
    pub(crate) async fn exec(&self, spec: &SandboxSpec, cmd: Vec<String>, input: &[u8]) -> Ran {
        let mut session = self.session(spec, cmd, !input.is_empty()).await;
        if let Some(mut stdin) = session.stdin.take() {
            stdin.write_all(input).await.expect("it reads");
            stdin.shutdown().await.expect("an end of file");
        }
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        while let Some(output) = session.output.next().await {
            let output = output.expect("output");
            match output.stream {
                OutputStream::Stdout => stdout.extend(output.data),
                OutputStream::Stderr => stderr.extend(output.data),
            }
        }
        let status = session.exit.await.expect("it ends");
        Ran {
            code: status.code,
            stdout: String::from_utf8(stdout).expect("UTF-8"),
            stderr: String::from_utf8(stderr).expect("UTF-8"),
        }
    }

    pub(crate) async fn stop(&self, spec: &SandboxSpec) -> SandboxStatus {
        let stopped = self.engine.stop(&spec.id, Duration::from_secs(10)).await;
        stopped.expect("it stops")
    }

    /// Deletes containers and ends the engine in order.
    pub(crate) async fn end(self, containers: &[SandboxSpec]) {
        for spec in containers {
            self.engine.delete(&spec.id).await.expect("it is deleted");
        }
        self.engine.remove_layer(&self.tools).await.expect("unused");
        self.engine.close().await;
    }
}
