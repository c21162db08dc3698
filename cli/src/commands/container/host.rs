//! `ctnr host`.

use ctnr_api::{Host, Presence, Realiser};
use jiff::Timestamp;

use super::runtime;
use crate::commands::info::engine;
use crate::context::Context;
use crate::error::{About, Result};
use crate::output::{Fields, Table, Tone, ago};

/// Show what the backend's host can do for containers, and the platform's other hosts
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr host
  ctnr host --json | jq .runtimes
  ctnr host ls")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What is asked of the platform's hosts.
#[derive(Debug, Clone, clap::Subcommand)]
enum Verb {
    /// List the platform's hosts, and whether a backend or an agent is there for each
    #[command(
        visible_alias = "list",
        after_help = "Examples:
  ctnr host ls
  ctnr host ls --json | jq -r '.hosts[] | select(.state == \"gone\").id'"
    )]
    Ls(Ls),
    /// Show a host, and what its agent reported
    #[command(after_help = "Examples:
  ctnr host inspect build-1")]
    Inspect(Inspect),
}

#[derive(Debug, Clone, clap::Args)]
struct Ls {
    /// Print ids alone
    #[arg(long, short = 'q')]
    quiet: bool,
}

#[derive(Debug, Clone, clap::Args)]
struct Inspect {
    /// Its id, the unique start of its id, or the name that its agent reported
    #[arg(value_name = "HOST")]
    which: String,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    match args.verb {
        None => own(context).await,
        Some(Verb::Ls(args)) => ls(args, context).await,
        Some(Verb::Inspect(args)) => inspect(args, context).await,
    }
}

/// The host that the backend holds.
async fn own(context: &Context) -> Result<()> {
    let host = context.client.inspect_host().await?;
    if context.output.json {
        return context.output.document(host.json());
    }
    let mut fields = Fields::default();
    fields.add("Id", host.id.as_str());
    fields.add("System", format!("{} {}", host.system, host.architecture));
    fields.add_all("Realisers", host.realisers.iter().map(realiser));
    fields.add_all(
        "Runtimes",
        host.runtimes.iter().map(|runtime| {
            let name = runtime.names.first().unwrap_or(&runtime.digest);
            if runtime.default {
                format!("{name} (default)")
            } else {
                name.clone()
            }
        }),
    );
    fields.add_all("Engines", host.engines.iter().map(engine));
    fields.add_all("Host folders", host.host_folders.iter().cloned());
    fields.print(context.output)?;
    if host.runtimes.is_empty() {
        runtime::note_none();
    }
    Ok(())
}

async fn ls(args: Ls, context: &Context) -> Result<()> {
    let answer = context.client.list_hosts().await?;
    if context.output.json {
        return context.output.document(answer.json());
    }
    if args.quiet {
        for host in &answer.hosts {
            context.output.line(&host.id)?;
        }
        return Ok(());
    }
    let now = Timestamp::now();
    let mut table = Table::new(["ID", "NAME", "STATE", "BACKEND", "AGENT", "SYSTEM", "SEEN"]);
    for host in &answer.hosts {
        let agent = host.agent.as_ref();
        let tone = match host.state {
            Presence::Ready => Tone::Plain,
            Presence::Gone => Tone::Faint,
        };
        let system = agent.map(|agent| {
            let report = &agent.report;
            format!("{} {}", report.system, report.architecture)
        });
        table.row(
            tone,
            [
                host.id.get(..12).unwrap_or(&host.id).to_owned(),
                agent
                    .map(|agent| agent.report.name.clone())
                    .unwrap_or_default(),
                host.state.as_str().to_owned(),
                host.backend
                    .as_ref()
                    .map(|backend| backend.state.as_str().to_owned())
                    .unwrap_or_default(),
                agent
                    .map(|agent| agent.state.as_str().to_owned())
                    .unwrap_or_default(),
                system.unwrap_or_default(),
                seen(host).map(|then| ago(then, now)).unwrap_or_default(),
            ],
        );
    }
    table.print(context.output)
}

async fn inspect(args: Inspect, context: &Context) -> Result<()> {
    let answer = context.client.find_host(&args.which).await;
    let host = answer.about(&args.which)?;
    if context.output.json {
        return context.output.document(host.json());
    }
    let now = Timestamp::now();
    let presence = |state: Presence, then| {
        let ago = ago(then, now);
        format!("{}, seen {ago}", state.as_str())
    };
    let mut fields = Fields::default();
    fields.add("Id", host.id.as_str());
    if let Some(agent) = &host.agent {
        fields.add("Name", agent.report.name.as_str());
    }
    fields.add("State", host.state.as_str());
    if let Some(backend) = &host.backend {
        fields.add("Backend", presence(backend.state, backend.last_seen));
    }
    if let Some(agent) = &host.agent {
        let report = &agent.report;
        fields.add("Agent", presence(agent.state, agent.last_seen));
        fields.add("Version", report.version.as_str());
        fields.add(
            "System",
            format!("{} {}", report.system, report.architecture),
        );
        fields.add_all("Realisers", report.realisers.iter().map(realiser));
        fields.add_all("Engines", report.engines.iter().map(engine));
    }
    fields.print(context.output)
}

/// A realiser in a line: its name, and what keeps it from being used.
fn realiser(realiser: &Realiser) -> String {
    match &realiser.reason {
        Some(reason) if !realiser.available => format!("{}: {reason}", realiser.name),
        _ => realiser.name.clone(),
    }
}

/// When anybody was last seen for it.
fn seen(host: &Host) -> Option<Timestamp> {
    let backend = host.backend.as_ref().map(|backend| backend.last_seen);
    let agent = host.agent.as_ref().map(|agent| agent.last_seen);
    backend.max(agent)
}
