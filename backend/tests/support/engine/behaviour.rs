//! What the engine in memory does when it is asked.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use ctnr_engine::*;
use ctnr_model::*;
use futures::StreamExt;
use jiff::Timestamp;
use tokio::net::TcpStream;

use super::super::exec;
use super::super::files::FakeFiles;
use super::{Fake, FakeEngine, Operation, finish};

#[async_trait]
impl SandboxEngine for FakeEngine {
    fn kind(&self) -> EngineKind {
        self.kind
    }

    fn capabilities(&self) -> Capabilities {
        [
            Capability::Egress,
            Capability::Limits,
            Capability::DetachedExec,
            Capability::FileManagement,
            Capability::FilesWhileStopped,
            Capability::Layers,
            Capability::HostMounts,
            Capability::Stats,
        ]
        .into_iter()
        .collect()
    }

    async fn create(&self, spec: &SandboxSpec) -> Result<Started> {
        self.enter(Operation::Create).await?;
        let started = self.make(spec)?;
        self.enter(Operation::Created).await?;
        Ok(started)
    }

    async fn start(&self, spec: &SandboxSpec, ports: &[PublishedPort]) -> Result<Started> {
        self.enter(Operation::Start).await?;
        self.with(&spec.id, |fake| {
            fake.status = SandboxStatus {
                finished_at: fake.status.finished_at,
                exit: fake.status.exit,
                ..Fake::started(spec, Vec::new()).status
            };
            Started {
                ports: ports.to_vec(),
                status: fake.status.clone(),
            }
        })
    }

    async fn stop(&self, id: &SandboxId, grace: Duration) -> Result<SandboxStatus> {
        if grace > Duration::ZERO {
            self.enter(Operation::Stop).await?;
        }
        let (status, ended) = self.with(id, |fake| {
            let alive = fake.status.state.is_alive();
            if alive {
                finish(&mut fake.status, ExitStatus::signaled(15));
            }
            (fake.status.clone(), alive)
        })?;
        if ended {
            let _ = self.exits.send(SandboxExit {
                id: id.clone(),
                status: status.clone(),
            });
        }
        if let Some(gate) = self.world().gates.get(&Operation::Stop) {
            gate.add_permits(1);
        }
        Ok(status)
    }

    async fn delete(&self, id: &SandboxId) -> Result<()> {
        self.enter(Operation::Delete).await?;
        self.world().sandboxes.remove(id);
        Ok(())
    }

    async fn status(&self, id: &SandboxId) -> Result<SandboxStatus> {
        self.enter(Operation::Status).await?;
        self.with(id, |fake| fake.status.clone())
    }

    async fn inspect(&self, spec: &SandboxSpec) -> Result<Inspection> {
        self.with(&spec.id, |fake| Inspection {
            status: fake.status.clone(),
            ports: fake.ports.clone(),
            image_id: None,
            process: None,
            network: None,
            docker: None,
        })
    }

    async fn list(&self) -> Result<Vec<Observed>> {
        self.enter(Operation::List).await?;
        Ok(self
            .world()
            .sandboxes
            .values()
            .map(|fake| Observed {
                id: fake.spec.id.clone(),
                status: fake.status.clone(),
                ports: fake.ports.clone(),
            })
            .collect())
    }

    fn exits(&self) -> Stream<SandboxExit> {
        let exits = self.exits.subscribe();
        futures::stream::unfold(exits, |mut exits| async move {
            Some((exits.recv().await.ok()?, exits))
        })
        .boxed()
    }

    async fn exec(&self, id: &SandboxId, spec: &ExecSpec) -> Result<ExecSession> {
        self.running(id)?;
        let session = exec::run(spec)?;
        if spec.detached {
            self.with(id, |fake| {
                fake.execs.push(ExecInfo {
                    id: spec.id.clone(),
                    cmd: spec.cmd.clone(),
                    terminal: matches!(spec.stdio, Stdio::Terminal(_)),
                    pid: Some(4_243),
                    started_at: Timestamp::now(),
                    state: ExecState::Running,
                });
            })?;
        }
        Ok(session)
    }

    async fn attach(&self, id: &SandboxId, exec: &ExecId) -> Result<ExecSession> {
        let info = self.execs(id).await?;
        let info = info
            .into_iter()
            .find(|info| info.id == *exec)
            .ok_or_else(|| EngineError::ExecNotFound(exec.clone()))?;
        exec::run(&ExecSpec {
            id: info.id,
            cmd: info.cmd,
            env: Vec::new(),
            workdir: None,
            user: None,
            stdio: Stdio::Pipes { stdin: true },
            detached: true,
        })
    }

    async fn execs(&self, id: &SandboxId) -> Result<Vec<ExecInfo>> {
        self.with(id, |fake| fake.execs.clone())
    }

    async fn signal(&self, id: &SandboxId, exec: &ExecId, signal: i32) -> Result<()> {
        self.with(id, |fake| {
            let info = fake.execs.iter_mut().find(|info| info.id == *exec);
            let info = info.ok_or_else(|| EngineError::ExecNotFound(exec.clone()))?;
            info.pid = None;
            info.state = ExecState::Exited {
                status: ExitStatus::signaled(signal),
                at: Timestamp::now(),
            };
            Ok(())
        })?
    }

    async fn resize(&self, id: &SandboxId, exec: &ExecId, _size: TerminalSize) -> Result<()> {
        self.with(id, |fake| {
            let known = fake.execs.iter().any(|info| info.id == *exec);
            known
                .then_some(())
                .ok_or_else(|| EngineError::ExecNotFound(exec.clone()))
        })?
    }

    async fn logs(&self, id: &SandboxId, query: &LogQuery) -> Result<Stream<Result<LogEntry>>> {
        let started_at = self.with(id, |fake| fake.status.started_at)?;
        let mut entries: Vec<_> = [
            (OutputStream::Stdout, "hello\n"),
            (OutputStream::Stderr, "careful\n"),
            (OutputStream::Stdout, "bye\n"),
        ]
        .into_iter()
        .filter(|(stream, _)| match stream {
            OutputStream::Stdout => query.stdout,
            OutputStream::Stderr => query.stderr,
        })
        .map(|(stream, text)| {
            Ok(LogEntry {
                time: started_at.unwrap_or_default(),
                stream,
                data: Bytes::from_static(text.as_bytes()),
            })
        })
        .collect();
        if let Some(tail) = query.tail {
            entries.drain(..entries.len().saturating_sub(tail));
        }
        Ok(futures::stream::iter(entries).boxed())
    }

    async fn stats(&self, id: &SandboxId) -> Result<Stats> {
        self.enter(Operation::Stats).await?;
        self.running(id)?;
        // From each reading to the next a second passes, in which half a processor is used.
        let readings = self.with(id, |fake| {
            fake.readings += 1;
            fake.readings
        })?;
        Ok(Stats {
            read_at: Timestamp::from_second(i64::from(readings)).unwrap(),
            cpu: CpuStats {
                total: u64::from(readings) * 500_000_000,
                online: 2,
                ..CpuStats::default()
            },
            memory: MemoryStats {
                usage: 3_000,
                inactive_file: 1_000,
                peak: None,
                limit: Some(10_000),
            },
            pids: PidStats {
                current: 2,
                limit: Some(4_096),
            },
            networks: [(
                "eth0".to_owned(),
                NetworkStats {
                    rx_bytes: 7,
                    tx_bytes: 8,
                    ..NetworkStats::default()
                },
            )]
            .into(),
            io: IoStats {
                read_bytes: 5,
                written_bytes: 6,
            },
        })
    }

    async fn files(&self, id: &SandboxId) -> Result<Box<dyn SandboxFiles>> {
        let tree = self.with(id, |fake| fake.files.clone())?;
        Ok(Box::new(FakeFiles(tree)))
    }

    async fn connect(&self, id: &SandboxId, port: ContainerPort) -> Result<Box<dyn Connection>> {
        self.running(id)?;
        let program = self.world().programs.get(&port.port).copied();
        if let Some(address) = program {
            return Ok(Box::new(TcpStream::connect(address).await.unwrap()));
        }
        // Whatever listens there sends back what it is sent.
        let (near, far) = tokio::io::duplex(65_536);
        tokio::spawn(async move {
            let (mut read, mut write) = tokio::io::split(far);
            tokio::io::copy(&mut read, &mut write).await
        });
        Ok(Box::new(near))
    }

    fn images(&self) -> &dyn EngineImages {
        &*self.images
    }

    async fn freeze(&self, id: &SandboxId, layer: &LayerId) -> Result<()> {
        self.enter(Operation::Freeze).await?;
        {
            let mut world = self.world();
            if world.layers.contains(layer) {
                return Ok(());
            }
            let fake = world
                .sandboxes
                .get(id)
                .ok_or(EngineError::SandboxNotFound)?;
            if fake.status.state.is_alive() {
                return Err(EngineError::Conflict("it runs".to_owned()));
            }
            world.sandboxes.remove(id);
            world.layers.insert(layer.clone());
        }
        self.enter(Operation::Frozen).await
    }

    async fn import_layer(&self, layer: &LayerId, mut archive: LayerArchive) -> Result<()> {
        self.world().layers.insert(layer.clone());
        self.enter(Operation::ImportLayer).await?;
        tokio::io::copy(&mut archive.content, &mut tokio::io::sink())
            .await
            .map_err(|error| EngineError::BadRequest(error.to_string()))?;
        Ok(())
    }

    async fn remove_layer(&self, layer: &LayerId) -> Result<()> {
        self.enter(Operation::RemoveLayer).await?;
        let mut world = self.world();
        let used = |fake: &Fake| fake.spec.layers.contains(layer);
        if world.sandboxes.values().any(used) {
            return Err(EngineError::Conflict("a sandbox is made of it".to_owned()));
        }
        world.layers.remove(layer);
        Ok(())
    }

    async fn layers(&self) -> Result<Vec<LayerId>> {
        Ok(self.layer_ids())
    }

    async fn layer_size(&self, _layer: &LayerId) -> Result<u64> {
        Ok(1_000)
    }
}
