//! The contract suite on this host, as root. `cargo xtask test` turns the feature on.
#![cfg(feature = "system-tests")]

mod support;

use std::sync::Arc;

use ctnr_engine::contract::Setup;
use ctnr_engine_native::{NativeConfig, NativeEngine};

/// An engine with a data directory of its own for each test.
async fn setup() -> Setup {
    let directory = tempfile::tempdir().expect("a directory for the engine's data");
    let config = NativeConfig {
        data_dir: directory.path().to_owned(),
        subnet: None,
    };
    let engine = NativeEngine::open(config).await.expect("a native engine");
    Setup {
        engine: Arc::new(engine),
        keep: Box::new(directory),
    }
}

ctnr_engine::contract_tests!(crate::setup);
