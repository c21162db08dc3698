//! Making sandboxes, and starting them again.

mod config;
mod start;

use std::collections::HashSet;
use std::sync::Arc;

use bollard::query_parameters::{CreateContainerOptions, ListContainersOptions};
use ctnr_engine::{EngineError, Result, Started};
use ctnr_model::{Process, PublishedPort, SandboxSpec};

use crate::engine::Shared;
use crate::images::name;
use crate::owner;
use crate::ports::HostPort;
use start::StartFailure;

/// How often another port is tried where one that was free is taken in the meantime.
const ATTEMPTS: usize = 8;

impl Shared {
    /// Makes and starts a sandbox. It runs to its end also when the caller goes away, and then
    /// undoes itself.
    pub(crate) async fn create(self: &Arc<Self>, spec: &SandboxSpec) -> Result<Started> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let (shared, spec) = (Arc::clone(self), spec.clone());
        tokio::spawn(async move {
            let result = shared.create_whole(&spec).await;
            if let Err(Ok(_)) = sender.send(result)
                && let Err(error) = shared.delete(&spec.id).await
            {
                tracing::warn!(%error, id = %spec.id, "an abandoned sandbox was not removed");
            }
        });
        receiver
            .await
            .map_err(|error| EngineError::internal("creating the sandbox", error))?
    }

    async fn create_whole(&self, spec: &SandboxSpec) -> Result<Started> {
        let result = self.create_on_network(spec).await;
        if result.is_err() {
            self.networks.release(&spec.id).await;
        }
        result
    }

    async fn create_on_network(&self, spec: &SandboxSpec) -> Result<Started> {
        let image = self.image_details(&name::of(&spec.image)).await?;
        let process = Process::resolve(&image.config, &spec.process)?;
        let _network = self.networks.in_use().await;
        let mode = self.networks.mode(spec).await?;
        let used = self.used_ports().await?;
        for _ in 0..ATTEMPTS {
            let chosen = self.ports.choose(&spec.ports, &used)?;
            let config = config::container(
                spec,
                self.ports.bindings(&chosen.published),
                self.owner.labels(&spec.id, &spec.labels, &chosen.published),
                &mode,
            );
            let container = self.create_container(spec, config).await?;
            let failure = match self.try_start(&container).await {
                Ok(()) => {
                    let started = self.started(spec, chosen.published.clone()).await;
                    if started.is_err() {
                        self.discard(&spec.id, &container).await?;
                    }
                    return started;
                }
                Err(failure) => failure,
            };
            self.discard(&spec.id, &container).await?;
            match failure.classify(&chosen.published) {
                StartFailure::PortTaken(port) if chosen.is_automatic(&port) => {}
                StartFailure::NoLoopbackV6 if self.ports.without_v6() => {}
                StartFailure::NoNetwork => self.networks.ensure(&mode).await?,
                other => return Err(other.into_error(program(&process))),
            }
        }
        Err(EngineError::Unavailable(
            "the ports that were free were taken before the sandbox could have them; try again"
                .to_owned(),
        ))
    }

    /// Starts a sandbox that does not run; its ports are fixed in its container.
    pub(crate) async fn start(&self, spec: &SandboxSpec) -> Result<Started> {
        let container = self.sandboxes.container(&spec.id).await?;
        let inspected = self.inspect_container(&spec.id, &container).await?;
        let ports = owner::ports_of(
            inspected
                .config
                .as_ref()
                .and_then(|config| config.labels.as_ref())
                .unwrap_or(&std::collections::HashMap::new()),
        );
        let program = inspected.path.clone().unwrap_or_default();
        let network = inspected
            .host_config
            .and_then(|config| config.network_mode)
            .unwrap_or_default();
        let _network = self.networks.in_use().await;
        self.detached.forget(&spec.id);
        let mut result = self.try_start(&container).await;
        if let Err(failure) = result {
            result = match failure.classify(&ports) {
                StartFailure::NoNetwork if network.starts_with("ctnr-") => {
                    self.networks.restore(&network, &container).await?;
                    self.try_start(&container).await
                }
                other => return Err(other.into_error(&program)),
            };
        }
        match result {
            Ok(()) => self.started(spec, ports).await,
            Err(failure) => Err(failure.classify(&ports).into_error(&program)),
        }
    }

    async fn create_container(
        &self,
        spec: &SandboxSpec,
        config: bollard::models::ContainerCreateBody,
    ) -> Result<String> {
        let options = CreateContainerOptions {
            name: Some(spec.name.to_string()),
            ..CreateContainerOptions::default()
        };
        let doing = format!("creating sandbox {}", spec.name);
        let created = self
            .daemon
            .call(
                &doing,
                self.daemon.api().create_container(Some(options), config),
            )
            .await;
        match created {
            Ok(created) => {
                self.sandboxes.remember(&spec.id, &created.id);
                Ok(created.id)
            }
            Err(EngineError::Conflict(_)) => Err(EngineError::Conflict(format!(
                "the name {} is already in use by a container of this Docker; choose another, or delete it first",
                spec.name
            ))),
            Err(EngineError::Internal { cause, .. }) if cause.contains("No such image") => {
                Err(EngineError::ImageNotFound {
                    reference: spec.image.familiar(),
                })
            }
            Err(error) => Err(error),
        }
    }

    async fn started(&self, spec: &SandboxSpec, ports: Vec<PublishedPort>) -> Result<Started> {
        Ok(Started {
            ports,
            status: self.status(&spec.id).await?,
        })
    }

    /// The host ports that the owner's sandboxes hold, those of stopped ones too.
    async fn used_ports(&self) -> Result<HashSet<HostPort>> {
        let options = ListContainersOptions {
            all: true,
            filters: Some(self.owner.filter()),
            ..ListContainersOptions::default()
        };
        let containers = self
            .daemon
            .call(
                "listing sandboxes",
                self.daemon.api().list_containers(Some(options)),
            )
            .await?;
        Ok(containers
            .iter()
            .filter_map(|container| container.labels.as_ref())
            .flat_map(owner::ports_of)
            .map(|port| (port.container.protocol, port.host_port))
            .collect())
    }
}

fn program(process: &Process) -> &str {
    process.args.first().map_or("", String::as_str)
}
