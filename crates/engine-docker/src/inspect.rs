//! What the daemon knows of sandboxes.

use std::net::IpAddr;

use bollard::models::{ContainerConfig, ContainerInspectResponse, NetworkSettings};
use bollard::query_parameters::ListContainersOptions;
use ctnr_engine::{EngineError, Inspection, NetworkInspection, Observed, Result};
use ctnr_model::{ContainerPath, Digest, EnvVar, Process, SandboxId, SandboxStatus, UserSpec};
use futures::{StreamExt, TryStreamExt};
use serde_json::Value;

use crate::engine::Shared;
use crate::owner;
use crate::status::status_of;

const DOING: &str = "inspecting the sandbox";

/// How many containers are inspected at once.
const PARALLEL: usize = 16;

impl Shared {
    /// A container's typed inspection.
    pub(crate) async fn inspect_container(
        &self,
        id: &SandboxId,
        container: &str,
    ) -> Result<ContainerInspectResponse> {
        typed(self.inspect_json(id, container).await?)
    }

    /// A container's whole inspection, in Docker's words.
    async fn inspect_json(&self, id: &SandboxId, container: &str) -> Result<Value> {
        let answer = self
            .daemon
            .raw_call(DOING, async {
                let path = format!("/containers/{container}/json");
                self.daemon.raw().get(DOING, &path).await?.json(DOING).await
            })
            .await;
        let mut json = self.gone(id, answer)?;
        say_it_as_docker_does(&mut json);
        Ok(json)
    }

    /// A sandbox's state.
    pub(crate) async fn status(&self, id: &SandboxId) -> Result<SandboxStatus> {
        let container = self.sandboxes.container(id).await?;
        let inspected = self.inspect_container(id, &container).await?;
        Ok(status_of(&inspected.state.unwrap_or_default()))
    }

    /// All of the owner's sandboxes.
    pub(crate) async fn list(&self) -> Result<Vec<Observed>> {
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
        futures::stream::iter(containers)
            .map(|container| async move {
                let labels = container.labels.unwrap_or_default();
                let (Some(id), Some(container)) = (owner::sandbox_of(&labels), container.id) else {
                    return Ok(None);
                };
                match self.inspect_container(&id, &container).await {
                    Ok(inspected) => Ok(Some(Observed {
                        status: status_of(&inspected.state.unwrap_or_default()),
                        ports: owner::ports_of(&labels),
                        id,
                    })),
                    // It was deleted since it was listed.
                    Err(EngineError::SandboxNotFound) => Ok(None),
                    Err(error) => Err(error),
                }
            })
            .buffer_unordered(PARALLEL)
            .try_filter_map(|observed| async move { Ok(observed) })
            .try_collect()
            .await
    }

    /// All that is known of a sandbox, with the daemon's own words.
    pub(crate) async fn inspect(&self, id: &SandboxId) -> Result<Inspection> {
        let container = self.sandboxes.container(id).await?;
        let mut json = self.inspect_json(id, &container).await?;
        let typed = typed(json.clone())?;
        json["Id"] = Value::String(id.to_string());
        hide_labels(&mut json);
        let config = typed.config.unwrap_or_default();
        let labels = config.labels.clone().unwrap_or_default();
        let status = status_of(&typed.state.unwrap_or_default());
        Ok(Inspection {
            ports: owner::ports_of(&labels),
            image_id: typed.image.as_deref().and_then(|id| Digest::parse(id).ok()),
            process: process(typed.path, typed.args, &config),
            network: typed
                .network_settings
                .filter(|_| status.state.is_alive())
                .map(|settings| network(&settings)),
            docker: Some(json),
            status,
        })
    }
}

fn typed(json: Value) -> Result<ContainerInspectResponse> {
    serde_json::from_value(json).map_err(|error| EngineError::internal(DOING, error))
}

/// Podman has words of its own for the states between Docker's.
fn say_it_as_docker_does(json: &mut Value) {
    if let Some(Value::String(word)) = json.pointer_mut("/State/Status") {
        let known = match word.as_str() {
            "configured" | "initialized" => "created",
            // The program has ended, and is not cleaned up after yet.
            "stopped" => "exited",
            _ => return,
        };
        known.clone_into(word);
    }
}

/// Removes ctnr's own labels, which are no one's business but the engine's.
fn hide_labels(json: &mut Value) {
    if let Some(Value::Object(labels)) = json.pointer_mut("/Config/Labels") {
        labels.retain(|key, _| !owner::is_ours(key));
    }
}

fn process(
    path: Option<String>,
    args: Option<Vec<String>>,
    config: &ContainerConfig,
) -> Option<Process> {
    let args: Vec<String> = path.into_iter().chain(args.unwrap_or_default()).collect();
    let workdir = config.working_dir.as_deref().unwrap_or_default();
    Some(Process {
        args,
        env: config
            .env
            .iter()
            .flatten()
            .filter_map(|text| EnvVar::parse(text).ok())
            .collect(),
        workdir: ContainerPath::root().join(workdir).ok()?,
        user: UserSpec::parse(config.user.as_deref().unwrap_or_default()).ok()?,
    })
}

fn network(settings: &NetworkSettings) -> NetworkInspection {
    let mut found = NetworkInspection {
        addresses: Vec::new(),
        gateways: Vec::new(),
    };
    let address = |text: &Option<String>| text.as_deref()?.parse::<IpAddr>().ok();
    let length = |length: Option<i64>| length.and_then(|length| u8::try_from(length).ok());
    for endpoint in settings
        .networks
        .iter()
        .flat_map(|networks| networks.values())
    {
        for (own, prefix) in [
            (&endpoint.ip_address, endpoint.ip_prefix_len),
            (
                &endpoint.global_ipv6_address,
                endpoint.global_ipv6_prefix_len,
            ),
        ] {
            if let (Some(own), Some(prefix)) = (address(own), length(prefix)) {
                found.addresses.push((own, prefix));
            }
        }
        found.gateways.extend(
            [&endpoint.gateway, &endpoint.ipv6_gateway]
                .into_iter()
                .filter_map(address),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn podmans_states_are_dockers() {
        for (word, expected) in [
            ("stopped", "exited"),
            ("initialized", "created"),
            ("running", "running"),
        ] {
            let mut json = serde_json::json!({"State": {"Status": word}});
            say_it_as_docker_does(&mut json);
            assert_eq!(json["State"]["Status"], expected);
        }
    }

    #[test]
    fn only_our_labels_are_hidden() {
        let mut json = serde_json::json!({
            "Config": {"Labels": {"dev.ctnr.id": "x", "team": "a"}, "Other": 1}
        });
        hide_labels(&mut json);
        assert_eq!(
            json,
            serde_json::json!({"Config": {"Labels": {"team": "a"}, "Other": 1}})
        );
        let mut empty = serde_json::json!({"Config": {"Labels": null}});
        hide_labels(&mut empty);
        assert_eq!(empty["Config"]["Labels"], Value::Null);
    }
}
