//! The backend: arguments, and then the server or a print-out.

mod arguments;
mod holding;
mod logging;
mod serve;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use arguments::{Arguments, Command, Document};
use backend::config::{Config, variables};
use clap::Parser;

fn main() -> ExitCode {
    // The native engine starts its launcher by running this program again; the launcher forks, so
    // it has to branch off before there is a second thread.
    ctnr_agent::launcher_main_if_asked();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There may be no log yet, and an error that ends the program belongs here anyway.
            let _ = writeln!(std::io::stderr(), "backend: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Some(Command::Openapi) => print(&backend::http::openapi_json()),
        Some(Command::Env) => print(&variables::table()),
        Some(Command::Schema {
            document: Document::Container,
        }) => print(&ctnr_plan::schema::manifest()),
        Some(Command::Schema {
            document: Document::MountPlan,
        }) => print(&ctnr_plan::schema::mount_plan()),
        None => {
            let config = Config::read(|name| arguments.lookup(name))?;
            logging::start(&config)?;
            tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .context("starting the async runtime")?
                .block_on(serve::serve(config))
        }
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .context("writing to standard output")
}
