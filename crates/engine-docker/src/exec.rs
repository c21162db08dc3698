//! Commands in sandboxes.
//!
//! The daemon lets a command be joined once, when it is started. So its connection is read by one
//! task, which hands the output to the session or, for a detached command, to a [`replay::Replay`]
//! that any number of sessions read.

mod command;
mod detached;
mod frames;
mod replay;
mod session;
mod signal;
mod start;
mod stdin;

pub(crate) use detached::Detached;
pub(crate) use frames::{Frames, Piece};

use ctnr_engine::{EngineError, ExecSession, ExecSpec, Result};
use ctnr_model::SandboxId;

use crate::engine::Shared;

impl Shared {
    /// Runs a command in a sandbox.
    pub(crate) async fn exec(&self, id: &SandboxId, spec: &ExecSpec) -> Result<ExecSession> {
        if spec.cmd.first().is_none_or(String::is_empty) {
            return Err(EngineError::BadRequest(
                "cmd is empty; name a program to run".to_owned(),
            ));
        }
        if spec.cmd.iter().any(|arg| arg.contains('\0')) {
            return Err(EngineError::BadRequest(
                "a command must not contain a NUL character".to_owned(),
            ));
        }
        let container = self.sandboxes.container(id).await?;
        let started = start::start(&self.daemon, &container, spec).await;
        let started = self.gone(id, started)?;
        if spec.detached {
            self.detached.add(id, spec, started)
        } else {
            Ok(session::attached(started))
        }
    }
}
