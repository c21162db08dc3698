//! Commands in sandboxes.

use ctnr_engine::{ExecInfo, ExecSession, ExecSpec, Stdio, TerminalSize};
use ctnr_model::{ContainerPath, EnvVar, ExecId, SandboxQuery, UserSpec};

use super::{App, AppError, Result};

/// A command to run.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecRequest {
    /// The program and its arguments.
    pub cmd: Vec<String>,
    /// Added to the sandbox's environment; the same name replaces.
    pub env: Vec<EnvVar>,
    /// Instead of the sandbox's working directory.
    pub workdir: Option<ContainerPath>,
    /// Instead of the sandbox's user.
    pub user: Option<UserSpec>,
    /// How its standard streams are connected.
    pub stdio: Stdio,
    /// Whether it outlives its session.
    pub detached: bool,
}

impl ExecRequest {
    fn check(&self) -> Result<()> {
        if self.cmd.first().is_none_or(String::is_empty) {
            return Err(AppError::BadRequest(
                "cmd is empty: give the program to run as its first item".to_owned(),
            ));
        }
        if self.cmd.iter().any(|word| word.contains('\0')) {
            return Err(AppError::BadRequest(
                "cmd must not contain a NUL character".to_owned(),
            ));
        }
        Ok(())
    }
}

impl App {
    /// Runs a command in a running sandbox. Dropping the session ends an attached command.
    ///
    /// # Errors
    /// [`AppError::CommandNotFound`] and [`AppError::CommandNotExecutable`] among them.
    pub async fn exec(
        &self,
        query: &SandboxQuery,
        request: ExecRequest,
    ) -> Result<(ExecId, ExecSession)> {
        request.check()?;
        let row = self.find(query).await?;
        let spec = ExecSpec {
            id: ExecId::from_random(rand::random()),
            cmd: request.cmd,
            env: request.env,
            workdir: request.workdir,
            user: request.user,
            stdio: request.stdio,
            detached: request.detached,
        };
        let session = self.engine_of(&row)?.exec(&row.spec.id, &spec).await?;
        Ok((spec.id, session))
    }

    /// Joins a detached command.
    pub async fn attach(&self, query: &SandboxQuery, exec: &ExecId) -> Result<ExecSession> {
        let row = self.find(query).await?;
        Ok(self.engine_of(&row)?.attach(&row.spec.id, exec).await?)
    }

    /// The detached commands of a sandbox, the ended ones too.
    pub async fn execs(&self, query: &SandboxQuery) -> Result<Vec<ExecInfo>> {
        let row = self.find(query).await?;
        Ok(self.engine_of(&row)?.execs(&row.spec.id).await?)
    }

    /// Sends a signal to a detached command.
    pub async fn signal_exec(
        &self,
        query: &SandboxQuery,
        exec: &ExecId,
        signal: i32,
    ) -> Result<()> {
        let row = self.find(query).await?;
        Ok(self
            .engine_of(&row)?
            .signal(&row.spec.id, exec, signal)
            .await?)
    }

    /// Sets the size of a detached command's terminal.
    pub async fn resize_exec(
        &self,
        query: &SandboxQuery,
        exec: &ExecId,
        size: TerminalSize,
    ) -> Result<()> {
        let row = self.find(query).await?;
        Ok(self
            .engine_of(&row)?
            .resize(&row.spec.id, exec, size)
            .await?)
    }
}
