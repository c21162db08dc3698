//! `GET /v1/sandboxes/{id}`.

use axum::Json;
use axum::extract::State;
use ctnr_api::{
    Config, EmptyObject, HostConfig, NetworkSettings, SandboxDetails, State as RunState,
};
use ctnr_engine::{Inspection, NetworkInspection};
use ctnr_model::{NetworkMode, Process, SandboxState, SandboxStatus};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::ports;
use crate::app::Sandbox;
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::SandboxRef;
use crate::http::openapi::Errors;

/// Inspect a sandbox
///
/// In the shape of Docker's inspect, whichever engine runs it.
#[utoipa::path(
    get,
    path = "/v1/sandboxes/{id}",
    tag = "sandboxes",
    operation_id = "inspect_sandbox",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name")),
    responses((status = 200, description = "The sandbox", body = SandboxDetails), Errors)
)]
pub(super) async fn inspect(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
) -> Result<Json<Value>> {
    let (sandbox, inspection) = api.app.inspect_sandbox(&query).await?;
    let docker = inspection.docker.clone();
    let own = serde_json::to_value(details(&sandbox, inspection)).map_err(|error| {
        tracing::error!(%error, "writing a sandbox as JSON failed");
        ApiError::internal()
    })?;
    Ok(Json(match docker {
        Some(Value::Object(docker)) => merge(docker, own),
        _ => own,
    }))
}

/// Docker's own answer with what only the control plane knows: its id, the name and the image as
/// they were asked for, the user's labels. Docker's id of the container stays as `EngineId`.
fn merge(mut docker: Map<String, Value>, mut own: Value) -> Value {
    if let Some(id) = docker.remove("Id") {
        docker.insert("EngineId".to_owned(), id);
    }
    for field in ["Id", "Name", "Created", "Engine"] {
        docker.insert(field.to_owned(), own[field].take());
    }
    match docker.get_mut("Config").and_then(Value::as_object_mut) {
        Some(config) => {
            for field in ["Image", "Labels"] {
                config.insert(field.to_owned(), own["Config"][field].take());
            }
        }
        None => {
            docker.insert("Config".to_owned(), own["Config"].take());
        }
    }
    for field in [
        "Path",
        "Args",
        "State",
        "Image",
        "Platform",
        "RestartCount",
        "HostConfig",
        "NetworkSettings",
    ] {
        if docker.get(field).is_none_or(Value::is_null) {
            docker.insert(field.to_owned(), own[field].take());
        }
    }
    Value::Object(docker)
}

fn details(sandbox: &Sandbox, inspection: Inspection) -> SandboxDetails {
    let spec = &sandbox.spec;
    let args = inspection
        .process
        .as_ref()
        .map(|process| process.args.as_slice());
    let (path, args) = match args.and_then(<[String]>::split_first) {
        Some((path, args)) => (path.clone(), args.to_vec()),
        None => (String::new(), Vec::new()),
    };
    let image_id = inspection.image_id.as_ref().or(sandbox.image_id.as_ref());
    SandboxDetails {
        id: spec.id.to_string(),
        created: sandbox.created_at,
        path,
        args,
        state: state(&inspection.status),
        image: image_id.map(ToString::to_string).unwrap_or_default(),
        name: format!("/{}", spec.name),
        restart_count: 0,
        platform: "linux".to_owned(),
        host_config: host_config(sandbox),
        config: config(sandbox, &inspection),
        network_settings: network_settings(&inspection),
        engine: sandbox.engine,
    }
}

fn state(status: &SandboxStatus) -> RunState {
    let exit = status.exit.filter(|_| !status.state.is_alive());
    RunState {
        status: status.state,
        running: status.state.is_alive(),
        paused: status.state == SandboxState::Paused,
        restarting: false,
        oom_killed: exit.is_some_and(|exit| exit.oom_killed),
        dead: false,
        pid: status.pid.unwrap_or(0),
        exit_code: exit.map_or(0, |exit| exit.code),
        error: String::new(),
        started_at: status.started_at.unwrap_or_else(never),
        finished_at: status.finished_at.unwrap_or_else(never),
    }
}

/// Docker's word for a moment that has not been: the beginning of year 1.
fn never() -> Timestamp {
    Timestamp::constant(-62_135_596_800, 0)
}

fn host_config(sandbox: &Sandbox) -> HostConfig {
    let limits = &sandbox.spec.limits;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    HostConfig {
        port_bindings: Some(ports::requested(&sandbox.spec.ports)),
        network_mode: match sandbox.spec.network {
            NetworkMode::Open => "open".to_owned(),
            NetworkMode::None => "none".to_owned(),
        },
        memory: limits.memory.map_or(0, |size| number(size.bytes())),
        nano_cpus: limits.cpus.map_or(0, |cpus| number(cpus.nanos())),
        pids_limit: limits.pids.map(|pids| i64::from(pids.count())),
    }
}

fn config(sandbox: &Sandbox, inspection: &Inspection) -> Config {
    let spec = &sandbox.spec;
    let process = inspection.process.as_ref();
    Config {
        hostname: spec.id.short().to_owned(),
        user: user(sandbox, process),
        exposed_ports: Some(
            spec.ports
                .iter()
                .map(|port| (port.container.to_string(), EmptyObject {}))
                .collect(),
        ),
        tty: false,
        env: process
            .map(|process| process.env.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        cmd: match &spec.process.entrypoint {
            Some(_) => spec.process.cmd.clone(),
            None => process.map(|process| process.args.clone()),
        },
        image: spec.image.familiar(),
        working_dir: process
            .map(|process| process.workdir.to_string())
            .unwrap_or_default(),
        entrypoint: spec.process.entrypoint.clone(),
        labels: Some(spec.labels.clone()),
    }
}

/// The user as the image or the request has it: Docker shows nothing for root by default.
fn user(sandbox: &Sandbox, process: Option<&Process>) -> String {
    let asked = sandbox.spec.process.user.as_ref();
    let resolved = process.map(|process| &process.user);
    match asked.or(resolved).map(ToString::to_string) {
        Some(user) if user == "0" && asked.is_none() => String::new(),
        user => user.unwrap_or_default(),
    }
}

fn network_settings(inspection: &Inspection) -> NetworkSettings {
    let network = inspection.network.as_ref();
    let addresses = || network.into_iter().flat_map(|network| &network.addresses);
    let ipv4 = addresses().find(|(address, _)| address.is_ipv4());
    let ipv6 = addresses().find(|(address, _)| address.is_ipv6());
    let is_alive = inspection.status.state.is_alive();
    NetworkSettings {
        ports: Some(if is_alive {
            ports::bindings(&inspection.ports)
        } else {
            Default::default()
        }),
        ip_address: ipv4
            .map(|(address, _)| address.to_string())
            .unwrap_or_default(),
        ip_prefix_len: ipv4.map_or(0, |(_, length)| *length),
        gateway: gateway(network),
        global_ipv6_address: ipv6
            .map(|(address, _)| address.to_string())
            .unwrap_or_default(),
    }
}

fn gateway(network: Option<&NetworkInspection>) -> String {
    network
        .into_iter()
        .flat_map(|network| &network.gateways)
        .find(|address| address.is_ipv4())
        .map(ToString::to_string)
        .unwrap_or_default()
}
