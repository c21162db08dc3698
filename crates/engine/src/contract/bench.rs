//! What a behaviour works with, and the checks around it.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ctnr_model::{
    ImageReference, Labels, Limits, NetworkMode, ProcessOverrides, SandboxId, SandboxName,
    SandboxSpec,
};
use futures::FutureExt;
use tokio::sync::mpsc;

use super::{Sandbox, TestImage};
use crate::{Capability, EngineError, InUse, Result, SandboxEngine};

/// How long a behaviour may take before it counts as hung.
const HUNG: Duration = Duration::from_secs(300);
/// How long a state is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// An engine under test.
pub struct Setup {
    /// The engine; it has no sandboxes.
    pub engine: Arc<dyn SandboxEngine>,
    /// Whatever has to live as long as the engine: its data directory, for one.
    pub keep: Box<dyn Any + Send>,
}

/// What a behaviour works with. Clones are the same.
#[derive(Clone)]
pub struct Bench {
    engine: Arc<dyn SandboxEngine>,
    made: Arc<Mutex<BTreeSet<SandboxId>>>,
    image: ImageReference,
}

/// Runs one behaviour, deletes what it made, and checks that nothing is left.
///
/// # Panics
/// Where the engine does not have the behaviour.
pub async fn check<F>(setup: Setup, behaviour: impl FnOnce(Bench) -> F)
where
    F: Future<Output = ()>,
{
    let image = TestImage::base();
    if setup.engine.images().inspect(&image.tag).await.is_err() {
        import(setup.engine.as_ref(), image.archive())
            .await
            .expect("the test image is imported");
    }
    let bench = Bench {
        engine: setup.engine,
        made: Arc::default(),
        image: image.reference(),
    };
    let run = AssertUnwindSafe(behaviour(bench.clone())).catch_unwind();
    let outcome = tokio::time::timeout(HUNG, run).await;
    let made: Vec<SandboxId> = bench.made().iter().cloned().collect();
    for id in &made {
        bench.engine.delete(id).await.expect("a sandbox is deleted");
    }
    let left = bench.engine.list().await.expect("the sandboxes are listed");
    bench.engine.close().await;
    drop(setup.keep);
    match outcome {
        Ok(Ok(())) => assert!(left.is_empty(), "sandboxes are left: {left:?}"),
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(_) => panic!("the behaviour hung"),
    }
}

/// Imports an archive.
pub(super) async fn import(
    engine: &dyn SandboxEngine,
    archive: Vec<u8>,
) -> Result<Vec<ImageReference>> {
    let (progress, _) = mpsc::channel(1);
    let archive = Box::new(std::io::Cursor::new(archive));
    engine.images().import(archive, progress).await
}

impl Bench {
    /// The engine.
    pub fn engine(&self) -> &dyn SandboxEngine {
        self.engine.as_ref()
    }

    /// Whether the engine has a capability.
    pub fn has(&self, capability: Capability) -> bool {
        self.engine.capabilities().has(capability)
    }

    /// A spec for a sandbox of the test image that runs until it is stopped, and then exits with 7.
    pub fn spec(&self) -> SandboxSpec {
        let id = SandboxId::from_random(random());
        SandboxSpec {
            name: SandboxName::parse(&format!("contract-{}", id.short())).expect("a name"),
            id,
            image: self.image.clone(),
            process: ProcessOverrides {
                cmd: Some(words(&[
                    "sh",
                    "-c",
                    "trap 'exit 7' TERM; echo ready; sleep 100000 & wait",
                ])),
                ..ProcessOverrides::default()
            },
            ports: Vec::new(),
            labels: Labels::new(),
            limits: Limits::default(),
            network: NetworkMode::Open,
            layers: Vec::new(),
            mounts: Vec::new(),
        }
    }

    /// As [`Bench::spec`], running a shell script instead.
    pub fn script(&self, script: &str) -> SandboxSpec {
        let mut spec = self.spec();
        spec.process.cmd = Some(words(&["sh", "-c", script]));
        spec
    }

    /// Makes a sandbox; it is deleted after the behaviour.
    ///
    /// # Errors
    /// The engine's.
    pub async fn try_create(&self, spec: SandboxSpec) -> Result<Sandbox> {
        self.made().insert(spec.id.clone());
        let started = self.engine.create(&spec).await?;
        Ok(Sandbox::new(self.clone(), spec, started))
    }

    /// As [`Bench::try_create`], which has to succeed.
    pub async fn create(&self, spec: SandboxSpec) -> Sandbox {
        self.try_create(spec).await.expect("the sandbox is made")
    }

    /// A sandbox that runs until it is stopped.
    pub async fn running(&self) -> Sandbox {
        self.create(self.spec()).await
    }

    /// Makes an image besides the base.
    pub async fn import(&self, image: &TestImage) -> ImageReference {
        import(self.engine(), image.archive())
            .await
            .expect("the image is imported");
        image.reference()
    }

    /// Deletes a sandbox, and the image that it alone was made from.
    pub(super) async fn discard(&self, sandbox: &Sandbox, image: &TestImage) {
        let deleted = self.engine().delete(sandbox.id()).await;
        deleted.expect("it is deleted");
        let images = self.engine().images();
        let removed = images.remove(&image.tag, &InUse::new()).await;
        removed.expect("its image is removed");
    }

    fn made(&self) -> std::sync::MutexGuard<'_, BTreeSet<SandboxId>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks again until there is an answer.
///
/// # Panics
/// When there is none after a minute.
pub(super) async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let asked = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer,
        Err(_) => panic!("waited in vain: {what}"),
    }
}

/// Asserts that a request was refused for want of a capability.
pub(super) fn assert_unsupported<T>(result: Result<T>, capability: Capability) {
    match result {
        Err(EngineError::Unsupported {
            capability: named, ..
        }) => assert_eq!(named, capability),
        Err(error) => panic!("expected no {capability}, got: {error}"),
        Ok(_) => panic!("expected no {capability}, but it was done"),
    }
}

/// The error of a result whose value can't be shown.
pub(super) fn error<T>(result: Result<T>) -> EngineError {
    match result {
        Ok(_) => panic!("expected an error"),
        Err(error) => error,
    }
}

/// Random bytes from the kernel.
pub(super) fn random() -> [u8; 32] {
    use std::io::Read;
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .expect("/dev/urandom is read");
    bytes
}

/// A short random text for names.
pub(super) fn unique() -> String {
    SandboxId::from_random(random()).short().to_owned()
}

/// Words as a command.
pub(super) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
