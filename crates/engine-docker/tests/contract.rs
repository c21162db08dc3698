//! The contract suite on a real daemon. `cargo xtask test` starts one and turns the feature on.
#![cfg(feature = "system-tests")]

use std::sync::Arc;

use ctnr_engine::contract::Setup;
use ctnr_engine_docker::{DockerEngine, Options, Owner, SocketSearch};

/// An engine of its own for each test, so that each sees its own sandboxes alone.
async fn setup() -> Setup {
    let mut random = [0; 8];
    std::io::Read::read_exact(
        &mut std::fs::File::open("/dev/urandom").expect("random bytes"),
        &mut random,
    )
    .expect("random bytes");
    let owner = Owner::new(format!("contract {random:?}")).expect("an owner");
    let engine = DockerEngine::connect(Options {
        owner,
        socket: SocketSearch::from_env().expect("a socket"),
        network_per_sandbox: false,
    })
    .await
    .expect("a Docker daemon answers: run cargo xtask test, which starts one");
    Setup {
        engine: Arc::new(engine),
        keep: Box::new(()),
    }
}

ctnr_engine::contract_tests!(setup);
