//! The log, on standard error.

use std::io::IsTerminal;

use anyhow::Context;
use backend::config::{Config, LogFormat, variables};
use tracing_subscriber::EnvFilter;

/// Starts it.
pub(crate) fn start(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log)
        .with_context(|| format!("{} is not valid: {:?}", variables::LOG.name, config.log))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => builder.with_target(false).init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}
