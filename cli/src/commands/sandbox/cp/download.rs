//! From a sandbox to this host.

use std::ffi::OsString;
use std::path::Path;

use ctnr_api::{ArchiveQuery, FileKind};
use ctnr_model::{ContainerPath, SandboxQuery};

use super::Copied;
use crate::context::Context;
use crate::error::{CliError, Result};
use crate::output;
use crate::transfer::{self, Ending, Landing};

/// The most symlinks that are followed one after the other, as Linux has it.
const MOST_LINKS: u32 = 40;

/// What is copied.
pub(super) struct Source<'a> {
    pub(super) sandbox: &'a SandboxQuery,
    pub(super) path: &'a ContainerPath,
    pub(super) ending: Ending,
    pub(super) follow_link: bool,
}

impl Source<'_> {
    /// To a path of this host.
    pub(super) async fn to_host(&self, to: &Path, context: &Context) -> Result<Copied> {
        let (path, kind) = self.find(context).await?;
        let name = path.file_name().map(OsString::from);
        let landing = land(name, kind, self.ending, to)?;
        if kind == FileKind::Directory && landing.name.is_none() {
            std::fs::create_dir_all(&landing.directory).map_err(|error| {
                CliError::local("making", landing.directory.display().to_string(), error)
            })?;
        }
        let query = ArchiveQuery { path };
        let archive = context.client.download(self.sandbox, &query).await?;
        let reader = transfer::Reader::new(archive);
        tokio::task::spawn_blocking(move || transfer::unpack(reader, &landing))
            .await
            .map_err(|error| CliError::local("unpacking", "the archive", error.into()))?
    }

    /// As a tar archive to standard output.
    pub(super) async fn to_stream(&self, context: &Context) -> Result<()> {
        if output::is_terminal() {
            return Err(CliError::Usage(
                "a tar archive does not go to a terminal; use a pipe, as in: ctnr sandbox cp web:/etc - | tar t".to_owned(),
            ));
        }
        let (path, _) = self.find(context).await?;
        let query = ArchiveQuery { path };
        let archive = context.client.download(self.sandbox, &query).await?;
        transfer::to_output(archive, context.output).await
    }

    /// The path that is meant, and what it is.
    async fn find(&self, context: &Context) -> Result<(ContainerPath, FileKind)> {
        let mut path = self.path.clone();
        for _ in 0..MOST_LINKS {
            let file = context.client.stat_file(self.sandbox, &path).await?;
            // A slash or dot behind a symlink means what it leads to, as everywhere in Linux.
            let follows = self.follow_link || self.ending != Ending::Name;
            match (&file.target, file.kind) {
                (Some(target), FileKind::Symlink) if follows => {
                    let directory = path.parent().unwrap_or_else(ContainerPath::root);
                    path = directory.join(target)?;
                }
                (_, kind) if self.ending == Ending::Name || kind == FileKind::Directory => {
                    return Ok((path, kind));
                }
                _ => {
                    return Err(CliError::Usage(format!(
                        "{path} in the sandbox is no directory; leave out what is behind its name"
                    )));
                }
            }
        }
        Err(CliError::Usage(format!(
            "{} in the sandbox leads over too many symlinks",
            self.path
        )))
    }
}

/// Where on this host it lands, by `docker cp`'s rules.
fn land(name: Option<OsString>, kind: FileKind, ending: Ending, to: &Path) -> Result<Landing> {
    let is_directory = kind == FileKind::Directory;
    let shown = to.display();
    match std::fs::metadata(to) {
        Ok(metadata) if metadata.is_dir() => Ok(Landing {
            directory: to.to_owned(),
            name: match name {
                Some(name) if !(is_directory && ending == Ending::Dot) => Some(name),
                _ => None,
            },
        }),
        Ok(_) if is_directory => Err(CliError::Usage(format!(
            "{shown} is a file, and a directory can't be copied over it"
        ))),
        Ok(_) => beside(to),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(CliError::local("looking at", shown.to_string(), error))
        }
        Err(_) if is_directory => Ok(Landing {
            directory: to.to_owned(),
            name: None,
        }),
        Err(_) if Ending::of(&to.to_string_lossy()) != Ending::Name => Err(CliError::Usage(
            format!("the directory {shown} does not exist; make it first"),
        )),
        Err(_) => beside(to),
    }
}

/// A file under the name that the user gave.
fn beside(to: &Path) -> Result<Landing> {
    let directory = match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => ".".into(),
    };
    let Some(name) = to.file_name() else {
        return Err(CliError::Usage(format!("{} names no file", to.display())));
    };
    Ok(Landing {
        directory,
        name: Some(name.to_owned()),
    })
}
