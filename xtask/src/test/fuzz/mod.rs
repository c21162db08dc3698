//! Requests that are made up from `/openapi.json`, against a backend of their own: none may be
//! answered with 5xx, and none may be left without an answer.
//!
//! They delete, prune and pull from hosts that somebody may have. So that backend has a network
//! with nothing in it, a data directory of its own, and no Docker.

mod network;
mod schemathesis;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::Variable;
use crate::console::{self, Step};
use crate::down;
use crate::http::Api;
use crate::image;
use crate::services::{Service, free_port};
use crate::signals;
use crate::tally::Tally;
use crate::workspace::Workspace;
use schemathesis::Schemathesis;

/// The sandbox that the requests of the first round are about.
const SANDBOX: &str = "fuzzed";

/// Requests of one kind.
struct Round {
    about: &'static str,
    /// The file with schemathesis' settings.
    settings: &'static str,
    /// A regular expression for the routes that they go to.
    paths: &'static str,
}

/// The second one removes what the first one needs.
const ROUNDS: [Round; 2] = [
    Round {
        about: "about a sandbox that runs",
        settings: "sandbox.toml",
        paths: "^/v1/sandboxes/.id.",
    },
    Round {
        about: "to every route",
        settings: "everything.toml",
        paths: ".",
    },
];

/// Sends the requests. `scratch` is empty again afterwards.
pub(super) fn run(
    workspace: &Workspace,
    environment: &[Variable],
    scratch: &Path,
) -> Result<Tally> {
    let schemathesis = Schemathesis::fetch()?;
    let folder = tempfile::Builder::new()
        .prefix("fuzz-")
        .tempdir_in(scratch)
        .context("cannot make a temporary folder")?;
    image::run(&image::Args {
        name: image::Name::Busybox,
        engine: Some(image::Engine::Native),
        data_dir: Some(folder.path().join("data")),
        archive: None,
        rebuild: false,
    })?;
    network::alone(|| {
        let (backend, api) = start(workspace, environment, folder.path())?;
        let sent = send(&schemathesis, &api, folder.path(), &backend);
        // Sandboxes outlive the backend, and its data directory is temporary.
        down::remove_all(&api).context("sandboxes of generated requests are left")?;
        sent
    })
}

fn start(workspace: &Workspace, environment: &[Variable], folder: &Path) -> Result<(Service, Api)> {
    let step = Step::start("Starting a backend for generated requests");
    let port = free_port()?;
    let data = folder.join("data");
    let mut backend = Command::new(workspace.target_directory.join("debug/backend"));
    backend
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .env("CONTAINERS_DATA_DIR", &data)
        .env(
            "DATABASE_URL",
            format!("sqlite://{}", data.join("ctnr.db").display()),
        )
        .env("CONTAINERS_HTTP_ADDR", format!("127.0.0.1:{port}"))
        .env("CONTAINERS_ENGINE", "native")
        .env("CONTAINERS_GRPC_ADDR", "off")
        .env("CONTAINERS_API_KEY", "")
        .env("CONTAINERS_RATE_LIMIT", "0")
        .env("CONTAINERS_LOG", "warn")
        .env("DOCKER_HOST", "unix:///nonexistent");
    let mut service = Service::start("the backend", backend, &folder.join("backend.log"))?;
    let api = Api::without_key(port, Duration::from_secs(60));
    service.wait_until(|| api.send("GET", "/healthz", None).is_ok())?;
    step.done_with(api.base());
    Ok((service, api))
}

fn send(schemathesis: &Schemathesis, api: &Api, folder: &Path, backend: &Service) -> Result<Tally> {
    let program = ["sh", "-c", "trap exit TERM; sleep infinity & wait"];
    let sandbox = json!({ "image": "busybox:latest", "name": SANDBOX, "cmd": program });
    api.expect(201, "POST", "/v1/sandboxes", Some(&sandbox))?;
    let mut tally = Tally::default();
    for round in &ROUNDS {
        signals::check()?;
        let step = Step::start(format!("Sending generated requests {}", round.about));
        match schemathesis.run(api.base(), round, folder, &step) {
            Ok(counts) => {
                step.done_with(counts);
                tally.pass();
            }
            Err(report) => {
                drop(step);
                console::result(format!("{report:#}"));
                console::note(format!("The backend's log:\n{}", backend.last_lines()));
                tally.fail(format!("generated requests {}", round.about));
            }
        }
    }
    Ok(tally)
}
