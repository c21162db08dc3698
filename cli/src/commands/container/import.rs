//! `ctnr import`.

use std::io::Write;
use std::path::PathBuf;

use ctnr_api::{HostFolders, ImportContainer};
use ctnr_model::ContainerName;

use super::{jobs, upload};
use crate::context::Context;
use crate::error::{About, CliError, Result};
use crate::output;

/// Make a container of a file that was exported
///
/// Layers that the host has already are not unpacked again. The runtime that the file names has to be
/// there (`ctnr runtime build` makes it). Prints the container's name.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr import editor.ctnr
  ctnr import editor.ctnr --name editor-of-ben
  ctnr import editor.ctnr --no-host-folders
  ssh other ctnr export editor | ctnr import -")]
pub(crate) struct Args {
    /// The file; - for standard input
    file: PathBuf,
    #[command(flatten)]
    wish: Wish,
    /// Print the job's id, and do not wait for it
    #[arg(long, short = 'd')]
    detach: bool,
    /// Without progress
    #[arg(long, short = 'q')]
    quiet: bool,
}

/// How the container is to be.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Wish {
    /// The container's name; by default the one in the artifact
    #[arg(long)]
    pub(super) name: Option<ContainerName>,
    /// Another runtime than the one that it was made on, by its name or digest
    #[arg(long)]
    pub(super) runtime: Option<String>,
    /// Let it into the folders of the host that it asks for, as far as CONTAINERS_HOST_FOLDERS of
    /// the backend allows
    #[arg(long, conflicts_with = "no_host_folders")]
    allow_host_folders: bool,
    /// Hide all of the host from it, whatever it asks for
    #[arg(long)]
    no_host_folders: bool,
}

impl Wish {
    pub(super) fn host_folders(&self) -> HostFolders {
        match (self.allow_host_folders, self.no_host_folders) {
            (true, _) => HostFolders::Allow,
            (_, true) => HostFolders::Drop,
            (false, false) => HostFolders::Refuse,
        }
    }
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let quiet = args.quiet || context.output.json;
    let (path, shown, _kept) = source(args.file)?;
    let upload = upload::send(&path, quiet, context).await?;
    let request = ImportContainer {
        upload: upload.clone(),
        name: args.wish.name.clone(),
        runtime: args.wish.runtime.clone(),
        host_folders: args.wish.host_folders(),
    };
    let started = context.client.import_container(&request).await;
    let started = match started.about(&shown) {
        Ok(started) => started,
        Err(error) => {
            // Nobody will use it; where this fails, it goes by itself after a day.
            let _ = context.client.delete_upload(&upload).await;
            return Err(error);
        }
    };
    if args.detach {
        return match context.output.json {
            true => context.output.document(started.json()),
            false => context.output.line(&started.job),
        };
    }
    let ended = jobs::follow(&started.job, quiet, context).await;
    let _ = context.client.delete_upload(&upload).await;
    made(&ended.about(&shown)?, quiet, context)
}

/// Prints what a job has made.
pub(super) fn made(
    job: &ctnr_client::Answer<ctnr_api::Job>,
    quiet: bool,
    context: &Context,
) -> Result<()> {
    if context.output.json {
        return context.output.document(job.json());
    }
    let result = job.result.clone().unwrap_or_default();
    let name = result["name"].as_str().unwrap_or_default();
    context.output.line(name)?;
    if quiet {
        return Ok(());
    }
    if let Some(network) = result["network"].as_str() {
        output::note(&format!("its programs reach of the network: {network}"));
    }
    for folder in result["host_folders"].as_array().into_iter().flatten() {
        output::note(&format!(
            "it asks to be let into the host: {}",
            folder.as_str().unwrap_or_default()
        ));
    }
    if result["entry_points"].get(0).is_some() {
        output::note(&format!("`ctnr run {name}` runs it"));
    }
    Ok(())
}

/// The file that is sent, and how messages call it. What comes by standard input is kept in a
/// temporary file, since pieces of it may have to be sent again.
fn source(file: PathBuf) -> Result<(PathBuf, String, Option<tempfile::TempPath>)> {
    if file.as_os_str() != "-" {
        let shown = file.display().to_string();
        return Ok((file, shown, None));
    }
    if crate::session::is_terminal_input() {
        return Err(CliError::Usage(
            "standard input is a terminal; give a file, or a pipe as in: ctnr export NAME | ctnr import -".to_owned(),
        ));
    }
    let failed = |error| CliError::local("keeping", "standard input", error);
    let mut kept = tempfile::NamedTempFile::new().map_err(failed)?;
    std::io::copy(&mut std::io::stdin().lock(), &mut kept).map_err(failed)?;
    kept.flush().map_err(failed)?;
    let path = kept.into_temp_path();
    Ok((path.to_path_buf(), "standard input".to_owned(), Some(path)))
}
