//! The control plane: the API's use cases, the database, and the HTTP front.
//!
//! `http` holds no SQL and no rules, `app` holds the use cases and no HTTP types, `store` holds all
//! of SQLx, `jobs` does what is queued, `config` reads every setting.

pub mod app;
pub mod config;
pub mod http;
pub mod jobs;
pub mod store;
