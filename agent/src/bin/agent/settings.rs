//! The environment variables that the agent reads, all of which the backend or `ctnr` reads too.

use std::path::PathBuf;

use anyhow::Context;
use ctnr_agent::{DataDir, HostConfig};
use ctnr_client::{Address, Client};

use crate::arguments::Global;

/// The help's paragraph about them.
pub(crate) const HELP: &str = "\
Environment:
  CONTAINERS_URL       where the backend answers, as --host
  CONTAINERS_API_KEY   the backend's API key, where it has one
  CONTAINERS_DATA_DIR  the data directory, as --data-dir
  CONTAINERS_ENGINE    the default engine, as the backend reads it
  CONTAINERS_SUBNET    the network of sandboxes, as the backend reads it
  CONTAINERS_LOG       what is logged to standard error

Examples:
  agent
  agent info --json
  agent plan container.toml --runtime sha256:…";

/// The settings, checked.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) client: Client,
    pub(crate) data_dir: PathBuf,
    pub(crate) host: HostConfig,
    pub(crate) name: String,
    pub(crate) log: String,
}

impl Settings {
    /// Reads them; the options win over the variables.
    pub(crate) fn read(options: &Global) -> anyhow::Result<Self> {
        let address = match &options.host {
            Some(address) => address.clone(),
            None => Address::parse(
                value("CONTAINERS_URL")
                    .as_deref()
                    .unwrap_or(Address::DEFAULT),
            )
            .context("CONTAINERS_URL")?,
        };
        let data_dir = options
            .data_dir
            .clone()
            .or_else(|| value("CONTAINERS_DATA_DIR").map(PathBuf::from));
        Ok(Self {
            client: Client::new(address, value("CONTAINERS_API_KEY").as_deref())?,
            data_dir: match data_dir {
                Some(path) => std::path::absolute(path).context("the data directory")?,
                None => DataDir::default_path()?,
            },
            host: HostConfig {
                preferred: value("CONTAINERS_ENGINE")
                    .map(|text| text.parse())
                    .transpose()
                    .context("CONTAINERS_ENGINE")?,
                subnet: value("CONTAINERS_SUBNET"),
            },
            name: options.name.clone().unwrap_or_else(own_name),
            log: value("CONTAINERS_LOG").unwrap_or_else(|| "info".to_owned()),
        })
    }
}

/// The value of a variable that is set to something.
fn value(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The host's own name.
fn own_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}
