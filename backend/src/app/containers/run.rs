//! Programs in containers.

use ctnr_engine::{ExecSession, Stdio};
use ctnr_model::{ContainerQuery, EnvVar, ExecId, SandboxQuery};
use ctnr_wine::layout;

use super::Container;
use crate::app::{App, AppError, ExecRequest, Result};

/// A program to run in a container.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgramRequest {
    /// Which.
    pub what: What,
    /// Added to the container's environment.
    pub env: Vec<EnvVar>,
    /// The working directory, as Windows writes it.
    pub workdir: Option<String>,
    /// How its standard streams are connected.
    pub stdio: Stdio,
    /// Whether it outlives its session.
    pub detached: bool,
}

/// Which program it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An entry point of the manifest.
    Entry {
        /// Its name; the default one where it is missing.
        name: Option<String>,
        /// Behind its own arguments.
        args: Vec<String>,
    },
    /// A command line.
    Command(Vec<String>),
}

impl App {
    /// Runs a program in a container, whose session is brought up first where it is down. Dropping
    /// the session ends an attached program.
    pub async fn run_in_container(
        &self,
        query: &ContainerQuery,
        request: ProgramRequest,
    ) -> Result<(ExecId, ExecSession)> {
        let row = self.container(query).await?;
        let command = command(&row, request)?;
        let row = self.started(&row.id).await?;
        let sandbox = row.sandbox.ok_or_else(|| {
            AppError::Unavailable("the container is being changed; try again".to_owned())
        })?;
        self.exec(&SandboxQuery::parse(sandbox.as_str())?, command)
            .await
    }
}

/// The command on the Linux side.
fn command(row: &Container, request: ProgramRequest) -> Result<ExecRequest> {
    let words = match request.what {
        What::Command(words) => words,
        What::Entry { .. } => {
            return Err(AppError::BadRequest(format!(
                "container {} has no entry points; use exec with a command line",
                row.label()
            )));
        }
    };
    if words.first().is_none_or(String::is_empty) {
        return Err(AppError::BadRequest(
            "cmd is empty: give the program to run as its first item".to_owned(),
        ));
    }
    Ok(ExecRequest {
        cmd: std::iter::once(layout::LOADER.to_owned())
            .chain(words)
            .collect(),
        env: request.env,
        workdir: None,
        user: None,
        stdio: request.stdio,
        detached: request.detached,
    })
}
