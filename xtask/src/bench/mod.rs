//! `cargo xtask bench`: how long things take, measured as a user's client sees them.

mod bare_wine;
mod figures;
mod load;
mod machine;
mod page;
mod rounds;
mod sandbox;
mod win32;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Create, exec and delete of a sandbox over HTTP, native and Docker alternating; then the native
    /// engine under load.
    Sandbox(Sandbox),
    /// Containers with Wine beside bare Wine.
    Win32(Win32),
}

/// How to measure sandboxes.
#[derive(clap::Args)]
struct Sandbox {
    /// How often create, exec and delete are measured.
    #[arg(short, long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    number: u32,
    /// How many sandboxes live side by side at the most.
    #[arg(long, default_value_t = 1000, value_parser = at_least_one)]
    creates: usize,
    /// How many commands are executed at once.
    #[arg(long, default_value_t = 2000, value_parser = at_least_one)]
    execs: usize,
    /// How often each is done before it is measured.
    #[arg(long, default_value_t = 5)]
    warm_up: u32,
    /// Write the figures to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the table into docs/benchmarks.md.
    #[arg(long)]
    write: bool,
    /// Measure the release build that is there.
    #[arg(long)]
    no_build: bool,
    /// Ask nothing.
    #[arg(long)]
    yes: bool,
}

/// How to measure containers.
#[derive(clap::Args)]
struct Win32 {
    /// How often each is measured.
    #[arg(short, long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    number: u32,
    /// Measure the release build that is there.
    #[arg(long)]
    no_build: bool,
    /// Ask nothing.
    #[arg(long)]
    yes: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least one".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("not a number: {error}")),
    }
}

/// Measures.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.what {
        What::Sandbox(args) => sandbox::run(args),
        What::Win32(args) => win32::run(args),
    }
}
