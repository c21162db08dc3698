//! The command line of the agent.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use ctnr_client::Address;
use ctnr_model::Digest;

use crate::settings;

/// Says what this host can do for containers, and enrols it at a backend.
///
/// Without a command it enrols, and goes on saying that the host is there until it is stopped. A
/// backend on this host without an API key takes it as it comes; others want CONTAINERS_API_KEY.
#[derive(Debug, Parser)]
#[command(name = "agent", version, disable_help_subcommand = true, after_help = settings::HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command takes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Global {
    /// Where the backend answers [default: CONTAINERS_URL, else http://127.0.0.1:8080]
    #[arg(long, short = 'H', global = true, value_name = "URL")]
    pub(crate) host: Option<Address>,
    /// The data directory of this host [default: CONTAINERS_DATA_DIR, else the backend's]
    #[arg(long, global = true, value_name = "DIRECTORY")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The name of this host in lists [default: its host name]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Print JSON, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what this host can do, as it is reported to the backend
    Info,
    /// Print what a manifest means on a host, as JSON, without running anything
    Plan(Plan),
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Plan {
    /// The manifest, container.toml
    #[arg(value_name = "FILE")]
    pub(crate) manifest: PathBuf,
    /// What it is made for
    #[arg(long, value_enum, default_value_t = PlanTarget::Linux)]
    pub(crate) target: PlanTarget,
    /// The digest of the runtime, where the manifest gives a name (`ctnr runtime ls`)
    #[arg(long, value_name = "DIGEST", value_parser = Digest::parse)]
    pub(crate) runtime: Option<Digest>,
    /// Where a known folder of the host's user is, as in Documents=/home/me/Documents; for linux
    #[arg(long, value_name = "NAME=PATH")]
    pub(crate) folder: Vec<String>,
}

/// The host that a plan is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanTarget {
    /// Wine in a sandbox.
    Linux,
    /// A Windows host.
    Windows,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
