//! `cargo xtask down`: removes all containers and sandboxes of this machine's platform.

use std::time::Duration;

use anyhow::Result;

use crate::console::Step;
use crate::http::Api;
use crate::up::{Engine, Place, Server, build};

/// What to remove from.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The port of the API.
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// Deletes every container and sandbox, by the server that answers, or by one that is started for it.
pub(crate) fn run(args: &Args) -> Result<()> {
    let api = Api::at(args.port, Duration::from_secs(120));
    if api.send("GET", "/healthz", None).is_ok() {
        return remove_all(&api);
    }
    build(false)?;
    let server = Server::start(&Place {
        port: args.port,
        engine: Engine::Native,
        release: false,
        data_dir: None,
    })?;
    remove_all(server.api())
}

/// Deletes every container and sandbox of a server.
pub(crate) fn remove_all(api: &Api) -> Result<()> {
    // Containers first: their sandboxes go with them, and not otherwise.
    loop {
        let list = api.expect(200, "GET", "/api/containers", None)?;
        let containers = list["containers"].as_array().cloned().unwrap_or_default();
        if containers.is_empty() {
            break;
        }
        for container in containers {
            let id = container["id"].as_str().unwrap_or_default();
            let name = container["name"].as_str().unwrap_or(id);
            let step = Step::start(format!("Removing {name}"));
            api.expect(204, "DELETE", &format!("/api/containers/{id}"), None)?;
            step.done();
        }
    }
    loop {
        // The list comes in pages, and what is deleted leaves the first one.
        let list = api.expect(200, "GET", "/v1/sandboxes?all=true", None)?;
        let sandboxes = list["sandboxes"].as_array().cloned().unwrap_or_default();
        if sandboxes.is_empty() {
            return Ok(());
        }
        for sandbox in sandboxes {
            let id = sandbox["Id"].as_str().unwrap_or_default();
            let name = sandbox["Names"][0].as_str().unwrap_or(id);
            let step = Step::start(format!("Removing {}", name.trim_start_matches('/')));
            api.expect(204, "DELETE", &format!("/v1/sandboxes/{id}"), None)?;
            step.done();
        }
    }
}
