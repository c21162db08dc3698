//! A Redis of its own for a test run: real server, nothing on disk, loopback only.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Service, free_port};
use crate::packages;

/// A running server, empty at its start.
pub(crate) struct Redis {
    _service: Service,
    url: String,
}

impl Redis {
    /// Starts one with its log in `folder`.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let Some(program) = packages::locate("redis-server") else {
            bail!("redis-server is not here: install the package redis-server");
        };
        let data = folder.join("redis");
        fs::create_dir(&data).with_context(|| format!("cannot make {data:?}"))?;
        let port = free_port()?;
        let mut command = Command::new(program);
        command
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .arg("--dir")
            .arg(&data);
        let mut service = Service::start("Redis", command, &folder.join("redis.log"))?;
        service.wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(Self {
            _service: service,
            url: format!("redis://127.0.0.1:{port}"),
        })
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}
