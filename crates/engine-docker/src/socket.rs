//! Finding the daemon's socket.

use std::ffi::OsString;
use std::path::PathBuf;

use ctnr_engine::{EngineError, Result};
use tokio::net::UnixStream;

/// What to do where no daemon answers.
pub(crate) const REMEDY: &str = "start it (`systemctl start docker`, or `podman system service`), join the group \
     that may use it, or set DOCKER_HOST=unix:///path/to.sock";

/// Where a daemon's socket may be, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketSearch {
    candidates: Vec<PathBuf>,
}

impl SocketSearch {
    /// One socket and no other.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            candidates: vec![path.into()],
        }
    }

    /// `DOCKER_HOST` where it is set; else the usual places of Docker, then Podman, root's before
    /// the user's own.
    ///
    /// # Errors
    /// [`EngineError::BadRequest`] where `DOCKER_HOST` names no Unix socket.
    pub fn from_env() -> Result<Self> {
        Self::from_vars(|name| std::env::var_os(name))
    }

    fn from_vars(var: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let var = |name| var(name).filter(|value| !value.is_empty());
        if let Some(host) = var("DOCKER_HOST") {
            let text = host.to_string_lossy();
            return match text.strip_prefix("unix://") {
                Some(path) if path.starts_with('/') => Ok(Self::at(path)),
                _ => Err(EngineError::BadRequest(format!(
                    "DOCKER_HOST is {text:?}; only a Unix socket is used, as unix:///var/run/docker.sock"
                ))),
            };
        }
        let mut candidates = vec![PathBuf::from("/var/run/docker.sock")];
        if let Some(runtime) = var("XDG_RUNTIME_DIR").map(PathBuf::from) {
            candidates.push(runtime.join("docker.sock"));
            candidates.push(runtime.join("podman/podman.sock"));
        }
        candidates.push(PathBuf::from("/run/podman/podman.sock"));
        if let Some(home) = var("HOME").map(PathBuf::from) {
            candidates.push(home.join(".docker/run/docker.sock"));
        }
        Ok(Self { candidates })
    }

    /// The first socket that something answers on.
    pub(crate) async fn find(&self) -> Result<PathBuf> {
        let mut reasons = Vec::new();
        for path in &self.candidates {
            match UnixStream::connect(path).await {
                Ok(_) => return Ok(path.clone()),
                Err(error) => reasons.push(format!("{}: {error}", path.display())),
            }
        }
        Err(EngineError::Unavailable(format!(
            "no Docker or Podman daemon answers ({}); {REMEDY}",
            reasons.join("; ")
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(vars: &[(&str, &str)]) -> Result<SocketSearch> {
        SocketSearch::from_vars(|name| {
            vars.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn docker_host_is_the_only_candidate() {
        let found = search(&[("DOCKER_HOST", "unix:///run/x.sock"), ("HOME", "/root")]).unwrap();
        assert_eq!(found, SocketSearch::at("/run/x.sock"));
        for bad in [
            "tcp://10.0.0.1:2375",
            "ssh://me@host",
            "unix://",
            "unix://relative",
        ] {
            assert!(search(&[("DOCKER_HOST", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn docker_comes_before_podman() {
        let found = search(&[("XDG_RUNTIME_DIR", "/run/user/1000"), ("DOCKER_HOST", "")]).unwrap();
        let shown: Vec<_> = found
            .candidates
            .iter()
            .map(|path| path.to_str().unwrap())
            .collect();
        assert_eq!(
            shown,
            [
                "/var/run/docker.sock",
                "/run/user/1000/docker.sock",
                "/run/user/1000/podman/podman.sock",
                "/run/podman/podman.sock",
            ]
        );
    }

    #[tokio::test]
    async fn nothing_there_says_what_to_do() {
        let error = SocketSearch::at("/nonexistent/docker.sock")
            .find()
            .await
            .unwrap_err();
        assert!(matches!(&error, EngineError::Unavailable(text)
            if text.contains("/nonexistent/docker.sock") && text.contains("systemctl start docker")));
    }
}
