//! The command line of the backend.

use std::ffi::OsString;

use backend::config::variables;
use clap::{Parser, Subcommand};

/// Runs applications in isolated containers behind one API.
///
/// Without a command it serves the API. Settings come from environment variables (`backend env`
/// lists them all); the options below win over those.
#[derive(Debug, Parser)]
#[command(name = "backend", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Address and port of the API, instead of CONTAINERS_HTTP_ADDR
    #[arg(long, value_name = "ADDRESS:PORT")]
    http_addr: Option<OsString>,
    /// Directory for images, sandboxes and the embedded database, instead of CONTAINERS_DATA_DIR
    #[arg(long, value_name = "DIRECTORY")]
    data_dir: Option<OsString>,
    /// Engine of sandboxes that name none, instead of CONTAINERS_ENGINE
    #[arg(long, value_name = "native|docker")]
    engine: Option<OsString>,
    /// The database, instead of DATABASE_URL; a password here is seen by other users
    #[arg(long, value_name = "URL")]
    database_url: Option<OsString>,
    /// What is logged, instead of CONTAINERS_LOG
    #[arg(long, value_name = "FILTER")]
    log: Option<OsString>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the OpenAPI description of the API as JSON
    Openapi,
    /// Print the environment variables as a Markdown table
    Env,
    /// Print the JSON schema of a document of Win32 containers
    Schema {
        /// Which document
        document: Document,
    },
}

/// A document that has a JSON schema.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Document {
    /// The manifest, container.toml.
    Container,
    /// The plan that is worked out from it.
    MountPlan,
}

impl Arguments {
    /// The value of a setting: the option where it is given, else the environment variable.
    pub(crate) fn lookup(&self, name: &str) -> Option<OsString> {
        let option = [
            (variables::HTTP_ADDR, &self.http_addr),
            (variables::DATA_DIR, &self.data_dir),
            (variables::ENGINE, &self.engine),
            (variables::DATABASE_URL, &self.database_url),
            (variables::LOG, &self.log),
        ]
        .into_iter()
        .find(|(variable, _)| variable.name == name)
        .and_then(|(_, option)| option.clone());
        option.or_else(|| std::env::var_os(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound_and_options_win() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
        let arguments = Arguments::parse_from(["backend", "--http-addr", "127.0.0.1:1"]);
        assert_eq!(
            arguments.lookup("CONTAINERS_HTTP_ADDR"),
            Some(OsString::from("127.0.0.1:1"))
        );
        assert_eq!(arguments.lookup("PATH"), std::env::var_os("PATH"));
    }
}
