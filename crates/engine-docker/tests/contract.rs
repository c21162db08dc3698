//! The contract suite on a real daemon. `cargo xtask test` starts one and turns the feature on.
#![cfg(feature = "system-tests")]

mod setup;

ctnr_engine::contract_tests!(crate::setup::setup);
