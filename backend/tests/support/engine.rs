//! An engine in memory. Tests end its programs, make its operations fail or wait, and count them.

mod behaviour;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use ctnr_engine::*;
use ctnr_model::*;
use jiff::Timestamp;
use tokio::sync::{Semaphore, broadcast};

use super::files::Tree;
use super::images::FakeImages;

/// An operation that a test makes fail or wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    Create,
    /// The end of a creation: the sandbox is there, and the caller has not heard so.
    Created,
    Start,
    Stop,
    Delete,
    List,
    Status,
    /// The beginning of a freeze.
    Freeze,
    /// The end of one: the layer is there, and the caller has not heard so.
    Frozen,
    ImportLayer,
    RemoveLayer,
    Stats,
}

/// The engine. Clones share everything, so that a test keeps one and gives another away.
#[derive(Clone)]
pub(crate) struct FakeEngine {
    kind: EngineKind,
    images: Arc<FakeImages>,
    exits: broadcast::Sender<SandboxExit>,
    world: Arc<Mutex<World>>,
}

#[derive(Default)]
struct World {
    sandboxes: BTreeMap<SandboxId, Fake>,
    layers: BTreeSet<LayerId>,
    failures: HashMap<Operation, EngineError>,
    gates: HashMap<Operation, Arc<Semaphore>>,
    calls: HashMap<Operation, usize>,
    next_port: u16,
    programs: HashMap<u16, SocketAddr>,
}

#[derive(Clone)]
struct Fake {
    spec: SandboxSpec,
    status: SandboxStatus,
    ports: Vec<PublishedPort>,
    files: Tree,
    execs: Vec<ExecInfo>,
    /// How often it was asked what it uses.
    readings: u32,
}

impl FakeEngine {
    /// An engine with the image `busybox:latest` and no sandboxes.
    pub(crate) fn new(kind: EngineKind) -> Self {
        Self {
            kind,
            images: Arc::new(FakeImages::with_busybox()),
            exits: broadcast::channel(64).0,
            world: Arc::new(Mutex::new(World {
                next_port: 32_768,
                ..World::default()
            })),
        }
    }

    /// Gives the engine a runtime for containers.
    pub(crate) fn add_runtime(&self, name: &str, byte: u8) {
        self.images.add_runtime(name, byte);
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// The next call of the operation fails.
    pub(crate) fn fail_next(&self, operation: Operation, error: EngineError) {
        self.world().failures.insert(operation, error);
    }

    /// Calls of the operation wait from here on for a permit of the semaphore each.
    pub(crate) fn gate(&self, operation: Operation) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        self.world().gates.insert(operation, gate.clone());
        gate
    }

    /// How often the operation was called.
    pub(crate) fn calls(&self, operation: Operation) -> usize {
        self.world().calls.get(&operation).copied().unwrap_or(0)
    }

    /// The sandboxes that the engine holds.
    pub(crate) fn ids(&self) -> Vec<SandboxId> {
        self.world().sandboxes.keys().cloned().collect()
    }

    /// The layers that the engine holds.
    pub(crate) fn layer_ids(&self) -> Vec<LayerId> {
        self.world().layers.iter().cloned().collect()
    }

    /// What the engine was asked for as a sandbox.
    pub(crate) fn spec(&self, id: &SandboxId) -> Option<SandboxSpec> {
        Some(self.world().sandboxes.get(id)?.spec.clone())
    }

    /// What the engine thinks of a sandbox.
    pub(crate) fn peek(&self, id: &SandboxId) -> Option<SandboxStatus> {
        Some(self.world().sandboxes.get(id)?.status.clone())
    }

    /// A sandbox's program ends by itself, and the engine tells it.
    pub(crate) fn end(&self, id: &SandboxId, exit: ExitStatus) {
        let told = self.end_unseen(id, exit);
        // No listener is fine: the backend may be the one that is down in the test.
        let _ = self.exits.send(told);
    }

    /// A sandbox's program ends by itself while nobody listens.
    pub(crate) fn end_unseen(&self, id: &SandboxId, exit: ExitStatus) -> SandboxExit {
        let mut world = self.world();
        let fake = world.sandboxes.get_mut(id).unwrap();
        finish(&mut fake.status, exit);
        SandboxExit {
            id: id.clone(),
            status: fake.status.clone(),
        }
    }

    /// Somebody else starts a sandbox again while nobody listens, and its port moves.
    pub(crate) fn restart_unseen(&self, id: &SandboxId, host_port: u16) {
        let mut world = self.world();
        let fake = world.sandboxes.get_mut(id).unwrap();
        let mut ports = fake.ports.clone();
        ports[0].host_port = host_port;
        *fake = Fake::started(&fake.spec, ports);
    }

    /// A sandbox disappears from the host.
    pub(crate) fn vanish(&self, id: &SandboxId) {
        self.world().sandboxes.remove(id).unwrap();
    }

    /// A sandbox stands on the host that the backend did not ask for.
    pub(crate) fn plant(&self, spec: &SandboxSpec) {
        self.world()
            .sandboxes
            .insert(spec.id.clone(), Fake::started(spec, Vec::new()));
    }

    /// Connections to the port of any sandbox lead to this address.
    pub(crate) fn listen(&self, port: u16, address: SocketAddr) {
        self.world().programs.insert(port, address);
    }

    async fn enter(&self, operation: Operation) -> Result<()> {
        let gate = {
            let mut world = self.world();
            *world.calls.entry(operation).or_default() += 1;
            world.gates.get(&operation).cloned()
        };
        if let Some(gate) = gate {
            gate.acquire().await.unwrap().forget();
        }
        match self.world().failures.remove(&operation) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn with<T>(&self, id: &SandboxId, work: impl FnOnce(&mut Fake) -> T) -> Result<T> {
        let mut world = self.world();
        world
            .sandboxes
            .get_mut(id)
            .map(work)
            .ok_or(EngineError::SandboxNotFound)
    }

    fn make(&self, spec: &SandboxSpec) -> Result<Started> {
        let mut world = self.world();
        let mut ports = Vec::new();
        for request in &spec.ports {
            let taken = |port| {
                world
                    .sandboxes
                    .values()
                    .any(|fake| fake.ports.iter().any(|taken| taken.host_port == port))
            };
            let host_port = match request.host.port {
                Some(port) if taken(port) => {
                    return Err(EngineError::PortTaken {
                        container: request.container,
                        host_port: port,
                    });
                }
                Some(port) => port,
                None => {
                    world.next_port += 1;
                    world.next_port
                }
            };
            ports.push(PublishedPort {
                container: request.container,
                address: request.host.address,
                host_port,
            });
        }
        let fake = Fake::started(spec, ports);
        let started = Started {
            ports: fake.ports.clone(),
            status: fake.status.clone(),
        };
        world.sandboxes.insert(spec.id.clone(), fake);
        Ok(started)
    }

    fn running(&self, id: &SandboxId) -> Result<()> {
        if self.with(id, |fake| fake.status.state.is_alive())? {
            Ok(())
        } else {
            Err(EngineError::NotRunning)
        }
    }
}

impl Fake {
    fn started(spec: &SandboxSpec, ports: Vec<PublishedPort>) -> Self {
        Self {
            spec: spec.clone(),
            status: SandboxStatus {
                state: SandboxState::Running,
                pid: Some(4_242),
                started_at: Some(Timestamp::now()),
                finished_at: None,
                exit: None,
            },
            ports,
            files: Tree::default(),
            execs: Vec::new(),
            readings: 0,
        }
    }
}

fn finish(status: &mut SandboxStatus, exit: ExitStatus) {
    status.state = SandboxState::Exited;
    status.pid = None;
    status.finished_at = Some(Timestamp::now());
    status.exit = Some(exit);
}
