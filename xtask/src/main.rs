//! `cargo xtask`: every developer task of ctnr, as ordinary Rust.

mod cache;
mod console;
mod image;
mod packages;
mod process;

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
    /// Make one of the images under `images/` and give it to the engines.
    Image(image::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Image(args) => image::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::error(&error);
            ExitCode::FAILURE
        }
    }
}
