//! Docker: the one that answers, or one that is started by hand.
//!
//! Two daemons on one network namespace destroy each other's bridge, so a second is never started.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::Service;
use crate::cache;
use crate::packages;
use crate::process::Run;

/// Where Docker answers by default.
pub(crate) const SOCKET: &str = "/var/run/docker.sock";

/// What is found at the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It answers.
    Answering,
    /// It is there, and this user may not talk to it.
    Forbidden,
    /// Nothing answers.
    Absent,
}

/// Whether Docker or Podman answers where the Docker engine looks for it.
pub(crate) fn state() -> State {
    let states: Vec<State> = sockets(|name| std::env::var(name).ok())
        .iter()
        .map(|socket| state_at(socket))
        .collect();
    [State::Answering, State::Forbidden]
        .into_iter()
        .find(|state| states.contains(state))
        .unwrap_or(State::Absent)
}

/// The places that `SocketSearch` of the Docker engine looks at.
fn sockets(variable: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let variable = |name| variable(name).filter(|value| !value.is_empty());
    if let Some(host) = variable("DOCKER_HOST") {
        return vec![host.trim_start_matches("unix://").into()];
    }
    let mut places = vec![PathBuf::from(SOCKET), "/run/podman/podman.sock".into()];
    if let Some(runtime) = variable("XDG_RUNTIME_DIR").map(PathBuf::from) {
        places.push(runtime.join("docker.sock"));
        places.push(runtime.join("podman/podman.sock"));
    }
    if let Some(home) = variable("HOME").map(PathBuf::from) {
        places.push(home.join(".docker/run/docker.sock"));
    }
    places
}

fn state_at(socket: &Path) -> State {
    match ping(socket) {
        Ok(true) => State::Answering,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => State::Forbidden,
        Ok(false) | Err(_) => State::Absent,
    }
}

fn ping(socket: &Path) -> std::io::Result<bool> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    Ok(answer.starts_with(b"HTTP/1.") && answer.ends_with(b" 200"))
}

/// Starts a daemon that lives as long as the value that comes back.
pub(crate) fn start() -> Result<Service> {
    let Some(program) = packages::locate("dockerd") else {
        bail!("dockerd is not here: install the package docker.io");
    };
    let data = cache::root()?.join("docker");
    fs::create_dir_all(&data).with_context(|| format!("cannot make {data:?}"))?;
    let mut command = Command::new(program);
    command
        .arg("--data-root")
        .arg(data.join("data"))
        .args(["--host", &format!("unix://{SOCKET}")])
        .args(["--log-level", "warn"]);
    let mut service = Service::start("dockerd", command, &data.join("dockerd.log"))?;
    service.wait_until(|| state() == State::Answering)?;
    // containerd makes it with its first container, whatever its state directory is. Made before a
    // test makes that container, it is the daemon's and not what a test left.
    fs::create_dir_all("/run/containerd/s").context("cannot make /run/containerd")?;
    Ok(service)
}

/// Starts Docker to stay: by the service manager where there is one, else by hand. Answers how it
/// is stopped again.
pub(crate) fn start_to_stay() -> Result<String> {
    let root = rustix::process::geteuid().is_root();
    if Path::new("/run/systemd/system").exists() {
        let command = if root {
            Run::new("systemctl")
        } else {
            Run::new("sudo").arg("systemctl")
        };
        command.args(["start", "docker"]).inherit()?;
        return Ok("systemctl stop docker".to_owned());
    }
    if !root {
        bail!(
            "Docker is not running, and only root can start it: run `sudo dockerd` and try again"
        );
    }
    let pid = start()?.leave_running();
    Ok(format!("kill {pid}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_named_socket_is_the_only_one() {
        let named = |name: &str| (name == "DOCKER_HOST").then(|| "unix:///tmp/d.sock".to_owned());
        assert_eq!(sockets(named), [PathBuf::from("/tmp/d.sock")]);
        let none = sockets(|_| None);
        assert_eq!(none[0], PathBuf::from(SOCKET));
    }

    #[test]
    fn what_answers_is_told_from_what_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("s");
        assert_eq!(state_at(&socket), State::Absent);
        let listener = UnixListener::bind(&socket).expect("a socket");
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a caller");
            let mut request = [0; 16];
            stream.read_exact(&mut request).expect("a request");
            stream
                .write_all(b"HTTP/1.0 200 OK\r\n\r\nOK")
                .expect("an answer");
        });
        assert_eq!(state_at(&socket), State::Answering);
        server.join().expect("it served");
    }
}
