//! The agent of a host: it says what the host can do for containers, and enrols at a backend.
//!
//! ```text
//!  arguments ─▶ settings ─┬─▶ look ─▶ enrol (again and again) ─▶ ctnr-client ─▶ backend
//!                         ├─▶ info
//!                         └─▶ plan
//! ```
//!
//! It runs nothing: the backend that holds the host's data directory does.

mod arguments;
mod enrol;
mod info;
mod look;
mod plan;
mod settings;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::arguments::{Arguments, Command};
use crate::settings::Settings;

fn main() -> ExitCode {
    // The native engine starts its launcher by running this program again.
    ctnr_agent::launcher_main_if_asked();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There may be no log yet, and an error that ends the program belongs here anyway.
            let _ = writeln!(std::io::stderr(), "agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    // What a manifest means depends on nothing of this host.
    if let Some(Command::Plan(args)) = arguments.command {
        return print(&plan::run(&args)?);
    }
    let settings = Settings::read(&arguments.global)?;
    start_log(&settings)?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the async runtime")?
        .block_on(async {
            match arguments.command {
                Some(Command::Info) => print(&info::run(&settings, arguments.global.json).await?),
                _ => enrol::serve(&settings).await,
            }
        })
}

fn start_log(settings: &Settings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.log)
        .with_context(|| format!("CONTAINERS_LOG is not valid: {:?}", settings.log))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
    Ok(())
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .context("writing to standard output")
}
