//! `cargo xtask`: every developer task of ctnr, as ordinary Rust.

mod bench;
mod cache;
mod check;
mod console;
mod dist;
mod down;
mod http;
mod image;
mod leaks;
mod packages;
mod panel;
mod process;
mod services;
mod setup;
mod signals;
mod tally;
mod test;
mod up;
mod wheel;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The developer's tasks of ctnr.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install all that development needs, and say what for.
    Setup(setup::Args),
    /// Build and start the platform, walk through the demo, and stay until Ctrl-C.
    Up(up::Args),
    /// Build what cargo does not: the panel.
    Build(panel::Args),
    /// Remove all sandboxes.
    Down(down::Args),
    /// Run the checks and all tests, with real servers and engines; installs what they need.
    Test(test::Args),
    /// Look at formatting, warnings, the crate graph, licences, spelling and generated files.
    Check(check::Args),
    /// Measure.
    Bench(bench::Args),
    /// Make the packages that users install.
    Dist(dist::Args),
    /// Write the generated files anew.
    Generate,
    /// Make one of the images under `images/` and give it to the engines.
    Image(image::Args),
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let result = signals::watch().and_then(|()| match command {
        Command::Setup(args) => setup::run(&args),
        Command::Up(args) => up::run(&args),
        Command::Build(args) => panel::run(&args),
        Command::Down(args) => down::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Dist(args) => dist::run(&args),
        Command::Generate => check::generate(),
        Command::Image(args) => image::run(&args),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Failures have been listed, and the count of them is the last line.
        Err(error) if error.is::<tally::Failures>() => ExitCode::FAILURE,
        Err(error) => {
            console::error(&error);
            ExitCode::FAILURE
        }
    }
}
