//! An image registry on loopback, for pulls and pushes in tests.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Service, free_port};

/// A running registry, empty at its start.
pub(crate) struct Registry {
    _service: Service,
    address: String,
}

impl Registry {
    /// Starts one with its storage in `folder`.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let port = free_port()?;
        let address = format!("127.0.0.1:{port}");
        let storage = folder.join("registry");
        let settings = folder.join("registry.yml");
        let storage_shown = storage.display();
        let text = format!(
            "version: 0.1\nlog: {{level: warn}}\nstorage:\n  filesystem: {{rootdirectory: \"{storage_shown}\"}}\n  delete: {{enabled: true}}\nhttp: {{addr: \"{address}\"}}\n"
        );
        fs::write(&settings, text).with_context(|| format!("cannot write {settings:?}"))?;
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&settings);
        let mut service = Service::start("docker-registry", command, &folder.join("registry.log"))?;
        service.wait_until(|| TcpStream::connect(&address).is_ok())?;
        Ok(Self {
            _service: service,
            address,
        })
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}
