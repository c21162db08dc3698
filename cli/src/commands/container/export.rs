//! `ctnr export`.

use std::path::PathBuf;

use ctnr_api::ExportContainerQuery;

use super::OneContainer;
use crate::context::Context;
use crate::error::{About, CliError, Result};
use crate::{output, transfer};

/// Write a container to one file, to be imported anywhere
///
/// The file holds the program, and with --with-data what its user has made of it; not the runtime,
/// which it names. It is an OCI artifact: `ctnr import` takes it, and tools such as skopeo copy it to
/// registries. The same container gives the same bytes.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr export editor -o editor.ctnr
  ctnr export editor --with-data -o editor-of-ana.ctnr
  ctnr export editor | ssh other ctnr import -")]
pub(crate) struct Args {
    #[command(flatten)]
    which: OneContainer,
    /// The file; it appears when it is whole [default: standard output]
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,
    /// With what its user has made of it: files and registry. The container is stopped for that
    #[arg(long)]
    with_data: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    if args.output.is_none() && output::is_terminal() {
        return Err(CliError::Usage(
            "an artifact does not go to a terminal; name a file with -o, or use a pipe".to_owned(),
        ));
    }
    let container = &args.which.container;
    let query = ExportContainerQuery {
        with_data: args.with_data,
    };
    let answer = context.client.export_container(container, &query).await;
    let artifact = answer.about(container.as_str())?;
    match args.output {
        Some(path) => {
            let bytes = transfer::to_file(artifact, &path).await?;
            if context.output.json {
                let written = serde_json::json!({ "file": path, "bytes": bytes });
                context.output.document(&written)?;
            }
            Ok(())
        }
        None => transfer::to_output(artifact, context.output).await,
    }
}
