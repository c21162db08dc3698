//! From this host to a sandbox.

use std::path::{Path, PathBuf};

use ctnr_api::{ArchiveQuery, FileKind, MakeDirectory};
use ctnr_model::{ContainerPath, SandboxQuery};

use super::Copied;
use crate::context::Context;
use crate::error::{CliError, Result};
use crate::session;
use crate::transfer::{self, Ending};

/// The most symlinks that are followed one after the other, as Linux has it.
const MOST_LINKS: u32 = 40;

/// Where it goes.
pub(super) struct Destination<'a> {
    pub(super) sandbox: &'a SandboxQuery,
    pub(super) path: &'a ContainerPath,
    pub(super) ending: Ending,
}

impl Destination<'_> {
    /// From a path of this host.
    pub(super) async fn take_path(
        &self,
        from: &Path,
        follow_link: bool,
        context: &Context,
    ) -> Result<Copied> {
        let failed = |error| CliError::local("reading", from.display().to_string(), error);
        let shown = from.to_string_lossy();
        let ending = Ending::of(&shown);
        let from = match follow_link || ending != Ending::Name {
            true => resolve(from).map_err(failed)?,
            false => from.to_owned(),
        };
        let is_directory = from.symlink_metadata().map_err(failed)?.is_dir();
        if !is_directory && ending != Ending::Name {
            return Err(CliError::Usage(format!(
                "{shown} is no directory; leave out what is behind its name"
            )));
        }
        let (directory, name) = self.place(&from, is_directory, ending, context).await?;
        let (archive, packing) = transfer::pack(from, name);
        let query = ArchiveQuery { path: directory };
        let sent = context.client.upload(self.sandbox, &query, archive).await;
        let ((), copied) = transfer::sent(sent, packing).await?;
        Ok(copied)
    }

    /// From a tar archive on standard input.
    pub(super) async fn take_stream(&self, context: &Context) -> Result<()> {
        if session::is_terminal_input() {
            return Err(CliError::Usage(
                "standard input is a terminal; use a pipe, as in: tar c . | ctnr sandbox cp - web:/app".to_owned(),
            ));
        }
        let query = ArchiveQuery {
            path: self.path.clone(),
        };
        let archive = transfer::pieces(tokio::io::stdin());
        Ok(context.client.upload(self.sandbox, &query, archive).await?)
    }

    /// The directory in the sandbox, and the name in it; no name for what is in the source. By
    /// `docker cp`'s rules.
    async fn place(
        &self,
        from: &Path,
        is_directory: bool,
        ending: Ending,
        context: &Context,
    ) -> Result<(ContainerPath, Option<PathBuf>)> {
        let (path, kind) = self.find(context).await?;
        match kind {
            Some(FileKind::Directory) => {
                let name = from.file_name().map(PathBuf::from);
                let inside_only = is_directory && (ending == Ending::Dot || name.is_none());
                Ok((path, if inside_only { None } else { name }))
            }
            Some(_) if is_directory => Err(CliError::Usage(format!(
                "{path} in the sandbox is a file, and a directory can't be copied over it"
            ))),
            None if is_directory => {
                let request = MakeDirectory {
                    path: path.clone(),
                    parents: false,
                    mode: None,
                };
                context
                    .client
                    .make_directory(self.sandbox, &request)
                    .await?;
                Ok((path, None))
            }
            None if self.ending != Ending::Name => Err(CliError::Usage(format!(
                "the directory {path} does not exist in the sandbox; make it first: ctnr sandbox exec {} mkdir -p {path}",
                self.sandbox.as_str()
            ))),
            _ => {
                let directory = path.parent().unwrap_or_else(ContainerPath::root);
                Ok((directory, path.file_name().map(PathBuf::from)))
            }
        }
    }

    /// The path that is meant, and what is there. Symlinks are followed, as everywhere in Linux
    /// where something is written.
    async fn find(&self, context: &Context) -> Result<(ContainerPath, Option<FileKind>)> {
        let mut path = self.path.clone();
        for _ in 0..MOST_LINKS {
            let found = context.client.stat_file(self.sandbox, &path).await;
            let file = match found.map_err(CliError::from) {
                Ok(file) => file,
                Err(error) if error.is_not_found() => {
                    // A sandbox that does not exist is told from a file that does not.
                    context.client.inspect_sandbox(self.sandbox).await?;
                    return Ok((path, None));
                }
                Err(error) => return Err(error),
            };
            match (&file.target, file.kind) {
                (Some(target), FileKind::Symlink) => {
                    let directory = path.parent().unwrap_or_else(ContainerPath::root);
                    path = directory.join(target)?;
                }
                (_, kind) => return Ok((path, Some(kind))),
            }
        }
        Err(CliError::Usage(format!(
            "{} in the sandbox leads over too many symlinks",
            self.path
        )))
    }
}

/// The user's own path without symlinks and dots, so that its last name is known.
#[expect(
    clippy::disallowed_methods,
    reason = "the path is the user's own, and following its symlinks is what was asked for"
)]
fn resolve(path: &Path) -> std::io::Result<PathBuf> {
    path.canonicalize()
}
