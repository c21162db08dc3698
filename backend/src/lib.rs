//! The control plane: the API's use cases, the database, and the HTTP and gRPC fronts.
//!
//! `http` holds no SQL and no rules, `grpc` leads to its routes, `app` holds the use cases and no
//! HTTP types, `store` holds all of SQLx, `access` decides who may do what, `jobs` does what is
//! queued, `config` reads every setting.

mod accept;

pub mod access;
pub mod app;
pub mod config;
pub mod grpc;
pub mod http;
pub mod jobs;
pub mod store;
