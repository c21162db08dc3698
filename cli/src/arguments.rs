//! The command line as a whole.

use clap::{Parser, Subcommand};
use ctnr_client::Address;

use crate::commands::{completion, container, image, info, key, sandbox, version};
use crate::settings;

/// Runs Windows programs in portable containers, and Linux images in sandboxes.
#[derive(Debug, Parser)]
#[command(
    name = "ctnr",
    version,
    propagate_version = false,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = settings::help(),
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every verb takes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Global {
    /// Where the backend answers [default: CONTAINERS_URL, else http://127.0.0.1:8080]
    #[arg(
        long,
        short = 'H',
        global = true,
        value_name = "URL",
        help_heading = "Global options"
    )]
    pub(crate) host: Option<Address>,
    /// Print what the API answers, as JSON, for programs
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Container(container::Verb),
    /// Create, enter, copy to and end sandboxes
    #[command(subcommand, visible_alias = "sb")]
    Sandbox(sandbox::Verb),
    /// Pull, import, export and remove images
    #[command(subcommand)]
    Image(image::Verb),
    /// Make, list and revoke keys to the API
    #[command(subcommand)]
    Key(key::Verb),
    /// Show the backend's version and engines
    Info(info::Args),
    /// Show the versions of ctnr and of the backend
    Version(version::Args),
    /// Print the shell's script that completes commands and names
    Completion(completion::Args),
}

impl Command {
    /// Whether signals are the command's own business, and go to a program in a sandbox.
    pub(crate) fn takes_signals(&self) -> bool {
        match self {
            Self::Sandbox(verb) => verb.takes_signals(),
            Self::Container(verb) => verb.takes_signals(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
