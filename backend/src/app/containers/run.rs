//! Programs in containers.

use ctnr_agent::win32::{Program, ProgramError};
use ctnr_engine::{ExecSession, Stdio};
use ctnr_model::container::{EntryKind, EntryName, Win32Path};
use ctnr_model::{ContainerQuery, EnvVar, ExecId, SandboxQuery};
use ctnr_wine::layout;

use super::find::being_changed;
use super::{Container, plan};
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
    /// Whether its windows are shown. An entry point of the kind `gui` has them shown where this
    /// is left out, and nothing else.
    pub display: Option<bool>,
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
        let display = request.display;
        let (mut command, has_windows) = self.command(&row, request)?;
        let row = self.started(&row.id).await?;
        if display.unwrap_or(has_windows) {
            self.bring_display_up(&row).await?;
            // The sandbox's own variable is missing where an older version made it.
            command.env.push(EnvVar::new("DISPLAY", layout::DISPLAY)?);
        }
        let sandbox = row.sandbox.ok_or_else(being_changed)?;
        self.exec(&SandboxQuery::parse(sandbox.as_str())?, command)
            .await
    }

    /// The command on the Linux side, and whether its program says that it has windows.
    fn command(&self, row: &Container, request: ProgramRequest) -> Result<(ExecRequest, bool)> {
        let (mut program, kind) = match request.what {
            What::Command(words) => {
                let program = Program::new(words).map_err(|error| wrong("cmd", &error))?;
                (program, EntryKind::Console)
            }
            What::Entry { name, args } => self.entry(row, name.as_deref(), &args)?,
        };
        if let Some(directory) = &request.workdir {
            let directory = Win32Path::parse(directory)
                .map_err(|error| AppError::BadRequest(format!("workdir: {error}")))?;
            program = program
                .in_directory(&directory)
                .map_err(|error| wrong("workdir", &error))?;
        }
        // Names that the runtime keeps for itself are refused.
        plan::variables(&request.env)?;
        let command = program.command();
        let command = ExecRequest {
            cmd: command.args,
            env: request.env.iter().map(on_linux).collect::<Result<_>>()?,
            workdir: command.workdir,
            user: None,
            stdio: request.stdio,
            detached: request.detached,
        };
        Ok((command, kind == EntryKind::Gui))
    }

    fn entry(
        &self,
        row: &Container,
        name: Option<&str>,
        args: &[String],
    ) -> Result<(Program, EntryKind)> {
        let plan = self.linux_plan(row)?;
        let entry = match name {
            Some(name) => EntryName::parse(name)
                .ok()
                .and_then(|name| plan.entry(&name)),
            None => plan.default_entry(),
        };
        let entry = entry.ok_or_else(|| {
            let there = row.spec.entry_points.join(", ");
            match (name, there.as_str()) {
                (_, "") => AppError::BadRequest(format!(
                    "container {} has no entry points; use exec with a command line, or make it with a manifest that names some",
                    row.label()
                )),
                (Some(name), there) => AppError::NotFound(format!(
                    "container {} has no entry point {name}; it has {there}",
                    row.label()
                )),
                (None, there) => AppError::BadRequest(format!(
                    "container {} has no default entry point; name one of {there}",
                    row.label()
                )),
            }
        })?;
        let program = Program::entry(entry, args).map_err(|error| wrong("args", &error))?;
        Ok((program, entry.kind))
    }
}

/// `PATH` on the Linux side is where Linux looks for programs; Wine takes that of Windows from
/// another variable.
fn on_linux(var: &EnvVar) -> Result<EnvVar> {
    if var.name().eq_ignore_ascii_case("PATH") {
        Ok(EnvVar::new("WINEPATH", var.value())?)
    } else {
        Ok(var.clone())
    }
}

fn wrong(field: &str, error: &ProgramError) -> AppError {
    AppError::BadRequest(format!("{field}: {error}"))
}
