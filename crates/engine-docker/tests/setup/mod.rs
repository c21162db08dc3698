//! Engines on the daemon of the tests.

use std::sync::Arc;

use ctnr_engine::contract::Setup;
use ctnr_engine_docker::{DockerEngine, Options, Owner, SocketSearch};

/// An engine of its own for each test, so that each sees its own sandboxes alone.
pub(crate) async fn setup() -> Setup {
    setup_of(connect(options()).await)
}

/// Options with an owner of their own.
pub(crate) fn options() -> Options {
    let mut random = [0; 8];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut random))
        .expect("random bytes");
    Options {
        owner: Owner::new(format!("test {random:?}")).expect("an owner"),
        socket: SocketSearch::from_env().expect("a socket"),
        network_per_sandbox: false,
    }
}

/// An engine with these options.
pub(crate) async fn connect(options: Options) -> DockerEngine {
    DockerEngine::connect(options)
        .await
        .expect("a Docker daemon answers: run cargo xtask test, which starts one")
}

/// An engine for the suite.
pub(crate) fn setup_of(engine: DockerEngine) -> Setup {
    Setup {
        engine: Arc::new(engine),
        keep: Box::new(()),
    }
}
