//! The verbs, a file each.

pub(crate) mod completion;
mod confirm;
pub(crate) mod container;
mod detached;
mod events;
pub(crate) mod image;
pub(crate) mod info;
pub(crate) mod key;
mod logs;
mod resources;
pub(crate) mod sandbox;
mod several;
mod time;
pub(crate) mod version;

use crate::arguments::{Cli, Command};
use crate::context::Context;
use crate::error::Result;

/// Does what the command line says, and gives the exit code.
pub(crate) async fn run(cli: Cli) -> Result<u8> {
    if let Command::Completion(args) = cli.command {
        return completion::run(&args).map(|()| 0);
    }
    let context = Context::new(&cli.global)?;
    match cli.command {
        Command::Sandbox(verb) => sandbox::run(verb, &context).await,
        Command::Container(verb) => container::run(verb, &context).await,
        Command::Image(verb) => image::run(verb, &context).await.map(|()| 0),
        Command::Key(verb) => key::run(verb, &context).await.map(|()| 0),
        Command::Info(args) => info::run(args, &context).await.map(|()| 0),
        Command::Version(args) => version::run(args, &context).await.map(|()| 0),
        Command::Completion(_) => Ok(0),
    }
}
