//! `ctnr runtime`.

use ctnr_api::{BuildRuntime, MoveRuntime};
use ctnr_model::ByteSize;
use jiff::Timestamp;
use serde_json::json;

use super::{OneContainer, jobs};
use crate::complete;
use crate::context::Context;
use crate::error::{About, Result};
use crate::output::{self, Table, Tone, ago};

/// What is done to runtimes.
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Verb {
    /// List the runtimes of the backend's host
    #[command(
        visible_alias = "list",
        after_help = "Examples:
  ctnr runtime ls"
    )]
    Ls(Ls),
    /// Build the Wine runtime from Debian's packages
    ///
    /// A job of the backend does it, in some minutes; nothing is done where the same recipe has been
    /// built already.
    #[command(after_help = "Examples:
  ctnr runtime build
  ctnr runtime build --detach && ctnr jobs")]
    Build(Build),
    /// Remove runtimes that no container is on
    #[command(
        visible_alias = "remove",
        after_help = "Examples:
  ctnr runtime rm 6a5076a8bb1e"
    )]
    Rm(Rm),
    /// Move a container to another runtime, or back
    ///
    /// Its programs and data stay. A container that runs is stopped first.
    #[command(after_help = "Examples:
  ctnr runtime move office wine:latest")]
    Move(Move),
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Ls {
    /// Print digests alone
    #[arg(long, short = 'q')]
    quiet: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Build {
    /// Build it though the host has one of the same recipe
    #[arg(long)]
    force: bool,
    /// Do not wait for the job; print its id
    #[arg(long, short = 'd')]
    detach: bool,
    /// Without progress
    #[arg(long, short = 'q')]
    quiet: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Rm {
    /// Their names, digests, or beginnings of digests
    #[arg(value_name = "RUNTIME", required = true, add = complete::runtimes())]
    runtimes: Vec<String>,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Move {
    #[command(flatten)]
    which: OneContainer,
    /// The runtime: its name, its digest, or the beginning of that
    #[arg(add = complete::runtimes())]
    runtime: String,
}

pub(crate) async fn run(verb: Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::Ls(args) => ls(args, context).await,
        Verb::Build(args) => build(args, context).await,
        Verb::Rm(args) => rm(args, context).await,
        Verb::Move(args) => move_to(args, context).await,
    }
}

async fn ls(args: Ls, context: &Context) -> Result<()> {
    let answer = context.client.list_runtimes().await?;
    if context.output.json {
        return context.output.document(answer.json());
    }
    if args.quiet {
        for runtime in &answer.runtimes {
            context.output.line(&runtime.digest)?;
        }
        return Ok(());
    }
    let now = Timestamp::now();
    let mut table = Table::new(["NAMES", "DIGEST", "SIZE", "CONTAINERS", "DEFAULT", "BUILT"]);
    for runtime in &answer.runtimes {
        let digest = runtime.digest.get(..19).unwrap_or(&runtime.digest);
        table.row(
            Tone::Plain,
            [
                runtime.names.join(", "),
                digest.to_owned(),
                ByteSize::from_bytes(runtime.size).to_string(),
                runtime.containers.to_string(),
                if runtime.default { "yes" } else { "" }.to_owned(),
                runtime
                    .created_at
                    .map(|then| ago(then, now))
                    .unwrap_or_default(),
            ],
        );
    }
    table.print(context.output)?;
    if answer.runtimes.is_empty() {
        note_none();
    }
    Ok(())
}

/// Says how a host without a runtime comes to one.
pub(super) fn note_none() {
    output::note("the backend's host has no runtime; `ctnr runtime build` makes one");
}

async fn build(args: Build, context: &Context) -> Result<()> {
    let request = BuildRuntime { force: args.force };
    let started = context.client.build_runtime(&request).await?;
    if args.detach {
        return match context.output.json {
            true => context.output.document(started.json()),
            false => context.output.line(&started.job),
        };
    }
    jobs::ended(
        &jobs::follow(&started.job, args.quiet, context).await?,
        context,
    )
}

async fn rm(args: Rm, context: &Context) -> Result<()> {
    for runtime in &args.runtimes {
        context
            .client
            .remove_runtime(runtime)
            .await
            .about(runtime)?;
        match context.output.json {
            true => context
                .output
                .record(&json!({ "runtime": runtime, "status": "removed" }))?,
            false => context.output.line(runtime)?,
        }
    }
    Ok(())
}

async fn move_to(args: Move, context: &Context) -> Result<()> {
    let container = &args.which.container;
    let request = MoveRuntime {
        runtime: args.runtime,
    };
    let answer = context.client.move_container(container, &request).await;
    let answer = answer.about(container.as_str())?;
    match context.output.json {
        true => context.output.document(answer.json()),
        false => context.output.line(&answer.runtime.digest),
    }
}
