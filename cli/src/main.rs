//! `ctnr`: containers, sandboxes and images from the command line, over the REST API alone.
//!
//! ```text
//!  arguments ─▶ commands/ (a file a verb) ─▶ ctnr-client ─▶ backend
//!                    │
//!                    ├─▶ output/    everything that is printed
//!                    ├─▶ session/   a command's streams or terminal over a WebSocket
//!                    └─▶ transfer/  files in and out, as tar archives
//! ```

mod arguments;
mod commands;
mod complete;
mod context;
mod environment;
mod error;
mod output;
mod session;
mod settings;
mod signals;
mod transfer;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use clap_complete::CompleteEnv;

use crate::arguments::Cli;
use crate::error::{CliError, Result};

fn main() -> ExitCode {
    CompleteEnv::with_factory(Cli::command).complete();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => output::failure(&error),
    }
}

fn run(cli: Cli) -> Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| CliError::local("starting", "the runtime", error))?;
    let end = runtime.block_on(signals::until_asked_to_end(cli));
    // Reads of a terminal or pipe that nobody answers must not hold the program up.
    runtime.shutdown_background();
    end
}
