//! `ctnr sandbox inspect`.

use std::collections::BTreeMap;

use ctnr_api::{PortBinding, SandboxDetails};
use ctnr_model::ByteSize;
use jiff::Timestamp;

use super::Sandboxes;
use crate::context::Context;
use crate::error::{About, Result};
use crate::output::{Fields, Output};

/// Show all that is known of sandboxes
///
/// With --json in the shape of `docker inspect`, an object a sandbox.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr sandbox inspect web
  ctnr sandbox inspect web --json | jq -r .State.Status")]
pub(crate) struct Args {
    #[command(flatten)]
    which: Sandboxes,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    for (at, sandbox) in args.which.sandboxes.iter().enumerate() {
        let details = context
            .client
            .inspect_sandbox(sandbox)
            .await
            .about(sandbox.as_str())?;
        if context.output.json {
            context.output.document(details.json())?;
            continue;
        }
        if at > 0 {
            context.output.line("")?;
        }
        show(&details, context.output)?;
    }
    Ok(())
}

fn show(details: &SandboxDetails, output: Output) -> Result<()> {
    let config = &details.config;
    let network = &details.network_settings;
    let mut fields = Fields::default();
    fields.add("Name", details.name.trim_start_matches('/'));
    fields.add("Id", details.id.as_str());
    fields.add("State", state(details));
    fields.add("Image", format!("{} ({})", config.image, details.image));
    fields.add("Engine", details.engine.to_string());
    fields.add("Command", command(details));
    fields.add("Workdir", config.working_dir.as_str());
    fields.add("User", config.user.as_str());
    fields.add_all("Environment", config.env.iter().cloned());
    fields.add_all("Ports", network.ports.iter().flatten().map(published));
    fields.add("Address", network.ip_address.as_str());
    fields.add("Network", details.host_config.network_mode.as_str());
    fields.add("Limits", limits(details));
    fields.add_all(
        "Labels",
        config
            .labels
            .iter()
            .flat_map(BTreeMap::iter)
            .map(|(key, value)| format!("{key}={value}")),
    );
    fields.add("Created", details.created.to_string());
    fields.add("Started", moment(details.state.started_at));
    fields.add("Finished", moment(details.state.finished_at));
    fields.print(output)
}

fn state(details: &SandboxDetails) -> String {
    let state = &details.state;
    if state.status.is_alive() {
        return format!("{}, process {}", state.status, state.pid);
    }
    let oom = if state.oom_killed {
        ", ran over its memory limit"
    } else {
        ""
    };
    format!("{}, exit code {}{oom}", state.status, state.exit_code)
}

fn command(details: &SandboxDetails) -> String {
    std::iter::once(&details.path)
        .chain(&details.args)
        .map(|word| {
            if word.is_empty()
                || word.contains(|c: char| c.is_whitespace() || "'\"$`\\".contains(c))
            {
                format!("{word:?}")
            } else {
                word.clone()
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn published((port, bindings): (&String, &Option<Vec<PortBinding>>)) -> String {
    let hosts: Vec<String> = bindings
        .iter()
        .flatten()
        .map(|binding| match binding.host_ip.as_str() {
            "" => binding.host_port.clone(),
            ip if ip.contains(':') => format!("[{ip}]:{}", binding.host_port),
            ip => format!("{ip}:{}", binding.host_port),
        })
        .collect();
    if hosts.is_empty() {
        port.clone()
    } else {
        format!("{port} -> {}", hosts.join(", "))
    }
}

fn limits(details: &SandboxDetails) -> String {
    let host = &details.host_config;
    let mut limits = Vec::new();
    if let Ok(bytes @ 1..) = u64::try_from(host.memory) {
        limits.push(format!("memory {}", ByteSize::from_bytes(bytes)));
    }
    if host.nano_cpus > 0 {
        limits.push(format!("{} processors", host.nano_cpus as f64 / 1e9));
    }
    if let Some(pids @ 1..) = host.pids_limit {
        limits.push(format!("{pids} processes"));
    }
    limits.join(", ")
}

/// Docker writes the year 1 for never.
fn moment(moment: Timestamp) -> String {
    if moment.as_second() <= 0 {
        String::new()
    } else {
        moment.to_string()
    }
}
