//! `ctnr create`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ctnr_api::{CreateContainer, Env, ImageProgress, UploadLayerQuery};
use ctnr_model::{ContainerName, ContainerQuery, ContainerState, Invalid, LayerId};
use futures::{Stream, StreamExt};

use super::jobs;
use crate::commands::resources::ResourceArgs;
use crate::complete;
use crate::context::Context;
use crate::environment::EnvironmentArgs;
use crate::error::{About, CliError, Result};
use crate::output::{self, ProgressBars};
use crate::transfer;

/// What `at` says for a whole Wine prefix.
const PREFIX: &str = "prefix";

/// Create a Win32 container
///
/// Empty, with the programs of a directory, or with an existing Wine prefix, which are copied. Prints
/// the id. It is not started: `ctnr run` and `ctnr exec` do that when they need to.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr create office
  ctnr create seven-zip --from ./7-zip --at 'C:\\Program Files\\7-Zip'
  ctnr create --manifest container.toml --from ./program
  ctnr create old-desk --prefix ~/.wine --network none --memory 1g")]
pub(crate) struct Args {
    /// The name; the manifest's where it is left out, and made up where there is none either
    name: Option<ContainerName>,
    /// Its container.toml; - for standard input
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Change the manifest by this file; of several, the last is the strongest
    #[arg(long = "override", value_name = "FILE")]
    overrides: Vec<PathBuf>,
    /// Put the files of this directory into the container
    #[arg(long, value_name = "DIR", conflicts_with = "prefix")]
    from: Option<PathBuf>,
    /// Where --from goes, as Windows writes it [default: C:\App]
    #[arg(long, value_name = "PATH", requires = "from")]
    at: Option<String>,
    /// Take over an existing Wine prefix: the directory that holds drive_c and the registry's files
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
    /// Add a layer of files that was uploaded before
    #[arg(long, value_name = "ID", value_parser = LayerId::parse)]
    layer: Vec<LayerId>,
    /// The runtime, by name or digest [default: the manifest's, else the newest]
    #[arg(long, value_name = "RUNTIME", add = complete::runtimes())]
    runtime: Option<String>,
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    resources: ResourceArgs,
    /// Let the manifest's known folder lead to this folder of the backend's host: Documents=/srv/docs
    #[arg(long, value_name = "NAME=DIR")]
    folder: Vec<String>,
    /// Start it at once
    #[arg(long)]
    start: bool,
    /// Print the id alone, without progress
    #[arg(long, short = 'q')]
    quiet: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let (start, quiet) = (args.start, args.quiet);
    let request = request(args, context).await?;
    let created = context.client.create_container(&request, None).await?;
    let query = ContainerQuery::parse(&created.id)?;
    if created.state == ContainerState::Creating
        && let Some(job) = &created.job
    {
        // It takes longer than the backend waits for it.
        jobs::follow(job, quiet, context).await?;
    }
    let container = if start {
        context.client.start_container(&query).await?
    } else {
        context.client.inspect_container(&query).await?
    };
    if container.state == ContainerState::Failed {
        let error = container
            .error
            .as_deref()
            .unwrap_or("the backend does not say why");
        return Err(CliError::Usage(format!(
            "container {} could not be made: {error}; `ctnr rm {}` removes what is left of it",
            container.name, container.name
        )));
    }
    if context.output.json {
        return context.output.document(container.json());
    }
    context.output.line(&container.id)?;
    if !quiet {
        output::note(&format!(
            "container {} is {}",
            container.name, container.state
        ));
    }
    Ok(())
}

async fn request(args: Args, context: &Context) -> Result<CreateContainer> {
    let manifest = args.manifest.as_deref().map(text_of).transpose()?;
    let overrides = args
        .overrides
        .iter()
        .map(|path| text_of(path))
        .collect::<Result<_>>()?;
    let folders = folders(&args.folder)?;
    let labels = args.resources.labels()?;
    let env = Env(args.environment.read()?);
    // The files last: they take long, and a mistake in the rest is told before.
    let upload = match (&args.from, &args.prefix) {
        (Some(directory), _) => Some((directory, args.at)),
        (None, Some(directory)) => Some((directory, Some(PREFIX.to_owned()))),
        (None, None) => None,
    };
    let mut layers = args.layer;
    if let Some((directory, at)) = upload {
        layers.push(upload_directory(directory, at, args.quiet, context).await?);
    }
    Ok(CreateContainer {
        name: args.name,
        manifest,
        overrides,
        runtime: args.runtime,
        layers,
        labels,
        env,
        limits: args.resources.limits(),
        network: args.resources.network,
        folders,
    })
}

/// Sends what is in a directory, as a layer.
async fn upload_directory(
    directory: &Path,
    at: Option<String>,
    quiet: bool,
    context: &Context,
) -> Result<LayerId> {
    let shown = directory.display().to_string();
    let metadata = std::fs::metadata(directory)
        .map_err(|error| CliError::local("reading", shown.clone(), error))?;
    if !metadata.is_dir() {
        return Err(CliError::Usage(format!("{shown} is no directory")));
    }
    if at.as_deref() == Some(PREFIX) && !directory.join("drive_c").is_dir() {
        return Err(CliError::Usage(format!(
            "{shown} is no Wine prefix: it has no drive_c; --from takes a directory of programs"
        )));
    }
    let (archive, packing) = transfer::pack(directory.to_owned(), None);
    let measured = directory.to_owned();
    let measuring = tokio::task::spawn_blocking(move || transfer::packed_size(&measured));
    // Without a size the bar shows what has been sent.
    let total = measuring.await.unwrap_or(0);
    let archive = shown_while_sent(archive, total, quiet);
    let sent = context
        .client
        .upload_layer(&UploadLayerQuery { at }, archive)
        .await;
    let (layer, _) = transfer::sent(sent, packing).await.about(&shown)?;
    Ok(LayerId::parse(&layer.id)?)
}

/// The archive, with a bar that shows how much of it has been taken.
fn shown_while_sent(
    archive: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    total: u64,
    quiet: bool,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let mut bars = ProgressBars::new(quiet);
    let mut progress = ImageProgress {
        subject: "files".to_owned(),
        phase: "sending".to_owned(),
        done: 0,
        total: Some(total),
    };
    archive.inspect(move |piece| {
        if let Ok(piece) = piece {
            progress.done = progress.done.saturating_add(piece.len() as u64);
            // The total is about right only.
            progress.total = Some(total.max(progress.done));
            bars.show(&progress);
        }
    })
}

fn text_of(path: &Path) -> Result<String> {
    let read = if path.as_os_str() == "-" {
        io::read_to_string(io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    read.map_err(|error| CliError::local("reading", path.display().to_string(), error))
}

fn folders(texts: &[String]) -> Result<BTreeMap<String, String>> {
    texts
        .iter()
        .map(|text| match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !path.is_empty() => {
                Ok((name.to_owned(), path.to_owned()))
            }
            _ => Err(Invalid::new(
                "folder",
                text,
                "expected NAME=DIR, as in Documents=/srv/docs",
            )
            .into()),
        })
        .collect()
}
