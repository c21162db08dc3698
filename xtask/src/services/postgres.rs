//! A PostgreSQL of its own for a test run: real server, temporary data, loopback only.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::{Service, free_port};
use crate::packages;

/// A running server.
pub(crate) struct Postgres {
    _service: Service,
    url: String,
}

impl Postgres {
    /// Makes a database cluster in `folder` and starts a server on it.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let data = folder.join("postgres");
        fs::create_dir(&data).with_context(|| format!("cannot make {data:?}"))?;
        let owner = owner()?;
        if let Some((uid, gid)) = owner {
            chown(&data, Some(uid), Some(gid))
                .with_context(|| format!("cannot give {data:?} to postgres"))?;
            // PostgreSQL's user has to pass through the run's folder, which is ours alone.
            fs::set_permissions(folder, fs::Permissions::from_mode(0o711))
                .with_context(|| format!("cannot open {folder:?} to postgres"))?;
        }
        let command = |program: &str| -> Result<Command> {
            let Some(path) = packages::locate(program) else {
                bail!("PostgreSQL's {program} is not here: install PostgreSQL's server");
            };
            let mut command = Command::new(path);
            command.current_dir(&data).stdin(Stdio::null());
            if let Some((uid, gid)) = owner {
                command.uid(uid).gid(gid);
            }
            Ok(command)
        };
        let made = command("initdb")?
            .args([
                "--username",
                "postgres",
                "--auth",
                "trust",
                "--encoding",
                "UTF8",
            ])
            .args(["--locale", "C", "--no-sync", "--pgdata"])
            .arg(&data)
            .output()
            .context("cannot start initdb")?;
        if !made.status.success() {
            bail!("initdb failed: {}", String::from_utf8_lossy(&made.stderr));
        }
        let port = free_port()?;
        let mut server = command("postgres")?;
        server
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", &format!("port={port}")])
            .args(["-c", "unix_socket_directories="])
            // The data is thrown away: nothing is lost with it after a power cut.
            .args(["-c", "fsync=off", "-c", "full_page_writes=off"])
            .args(["-c", "max_connections=200"]);
        let mut service = Service::start("PostgreSQL", server, &folder.join("postgres.log"))?;
        service.wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(Self {
            _service: service,
            url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        })
    }

    /// Where it answers, for a superuser.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// Whom the server runs as: PostgreSQL refuses root, so root takes the package's own user.
fn owner() -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users =
        fs::read_to_string("/etc/passwd").context("cannot read the users of this machine")?;
    match entry(&users, "postgres") {
        Some(ids) => Ok(Some(ids)),
        None => bail!("there is no user postgres, which the package of PostgreSQL makes"),
    }
}

fn entry(users: &str, name: &str) -> Option<(u32, u32)> {
    let line = users
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    let uid = fields.next()?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some((uid, gid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found() {
        let users = "root:x:0:0:root:/root:/bin/sh\npostgres:x:105:112::/var:/bin/bash\n";
        assert_eq!(entry(users, "postgres"), Some((105, 112)));
        assert_eq!(entry(users, "post"), None);
    }
}
