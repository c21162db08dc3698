//! The gRPC API: calls to the routes of REST in this process, and their answers to messages.
//!
//! ```text
//!  connection ─▶ calls ─▶ Gateway ─▶ router of REST (gate, hand-over to the owner, route) ─▶ App
//! ```
//!
//! Every rule of REST holds here too, because it is the same code: access, rates, request ids, the
//! hand-over to the backend that owns the host. Nothing here knows SQL or a rule of the product.
#![warn(missing_docs)]

mod asked;
mod body;
mod call;
mod calls;
mod convert;
mod gateway;
mod health;
mod pieces;
mod program;
mod reflection;
mod serve;
mod status;
mod streams;

pub use serve::serve;
