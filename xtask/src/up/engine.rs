//! Which engine runs the sandboxes, and making sure that it can.

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::console::{self, Step};
use crate::image;
use crate::packages::needs::{self, Need};
use crate::services::docker::{self, State};

/// An engine that a user can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// Namespaces and cgroups, no daemon.
    Native,
    /// Docker, or a Podman on its socket.
    Docker,
}

/// The engine of this run.
pub(super) type Chosen = Engine;

impl Engine {
    /// Its name in `CONTAINERS_ENGINE` and in the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Docker => "docker",
        }
    }

    pub(crate) fn of_images(self) -> image::Engine {
        match self {
            Self::Native => image::Engine::Native,
            Self::Docker => image::Engine::Docker,
        }
    }

    pub(super) fn needs(self) -> &'static [Need] {
        match self {
            Self::Native => needs::NATIVE,
            // A Docker that answers needs no package, wherever it came from.
            Self::Docker if docker::state() == State::Absent => needs::DOCKER,
            Self::Docker => &[],
        }
    }
}

/// Takes the engine that was asked for, or the best one that this user may use.
pub(super) fn choose(asked: Option<Engine>) -> Result<Chosen> {
    let root = rustix::process::geteuid().is_root();
    decide(asked, root, docker::state())
}

fn decide(asked: Option<Engine>, root: bool, docker: State) -> Result<Chosen> {
    match (asked, root, docker) {
        (Some(engine), ..) => Ok(engine),
        (None, true, _) => Ok(Engine::Native),
        (None, false, State::Answering) => {
            console::note("You are not root, and Docker lets you in: sandboxes run on Docker.");
            Ok(Engine::Docker)
        }
        (None, false, State::Forbidden | State::Absent) => bail!(
            "the native engine wants root, and Docker does not let you in. One of these helps:\n    \
             sudo -E env \"PATH=$PATH\" cargo xtask up    (native, as root)\n    \
             sudo usermod -aG docker $USER               (then log in again: Docker)\n    \
             cargo xtask up --engine docker              (installs and starts Docker by sudo)\n    \
             cargo xtask up --engine native              (rootless: needs unprivileged user \
             namespaces, and has what docs/native-engine.md says)"
        ),
    }
}

/// Starts the engine's daemon where it has one and it does not run.
pub(super) fn start(engine: Chosen) -> Result<()> {
    if engine != Engine::Docker {
        return Ok(());
    }
    match docker::state() {
        State::Answering => return Ok(()),
        State::Forbidden => return Err(forbidden()),
        State::Absent => {}
    }
    let step = Step::start("Starting Docker");
    let stop = docker::start_to_stay()?;
    if docker::state() == State::Forbidden {
        return Err(forbidden());
    }
    step.done_with(format!("`{stop}` stops it"));
    Ok(())
}

fn forbidden() -> anyhow::Error {
    anyhow::anyhow!(
        "Docker runs, and this user may not use it: run `sudo usermod -aG docker $USER`, log in \
         again, and repeat `cargo xtask up --engine docker`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_takes_native_and_others_take_the_docker_they_may_use() {
        assert_eq!(
            decide(None, true, State::Answering).expect("root"),
            Engine::Native
        );
        assert_eq!(
            decide(None, false, State::Answering).expect("a user of docker"),
            Engine::Docker
        );
        assert_eq!(
            decide(Some(Engine::Native), false, State::Absent).expect("asked for"),
            Engine::Native
        );
        let error = decide(None, false, State::Forbidden).expect_err("neither");
        assert!(error.to_string().contains("usermod"), "{error}");
    }
}
