//! `ctnr image prune`.

use std::collections::BTreeSet;

use ctnr_api::{ImageSummary, ImagesQuery, ListQuery, PruneRequest, Pruned};
use ctnr_model::ByteSize;

use super::EngineArgs;
use super::ls::short;
use crate::commands::confirm::ConfirmArgs;
use crate::context::Context;
use crate::error::Result;
use crate::output;

/// Remove the images that no sandbox uses
///
/// Those without a name; with --all every one.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr image prune
  ctnr image prune --all --dry-run
  ctnr image prune --all --yes --json | jq .freed")]
pub(crate) struct Args {
    /// Those with a name too
    #[arg(long, short = 'a')]
    all: bool,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Print ids alone
    #[arg(long, short = 'q')]
    quiet: bool,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    if args.dry_run {
        let would = candidates(&args, context).await?;
        return show(&would, "would be freed at most", &args, context);
    }
    args.confirm.confirm(if args.all {
        "Remove every image that no sandbox uses?"
    } else {
        "Remove every image that has no name and that no sandbox uses?"
    })?;
    let request = PruneRequest {
        all: args.all,
        engine: args.engine.engine,
    };
    let pruned = context.client.prune_images(&request).await?;
    if context.output.json {
        return context.output.document(pruned.json());
    }
    show(&pruned, "freed", &args, context)
}

fn show(pruned: &Pruned, verb: &str, args: &Args, context: &Context) -> Result<()> {
    if context.output.json {
        return context.output.document(pruned);
    }
    for id in &pruned.removed {
        context.output.line(short(id, false))?;
    }
    if !args.quiet {
        output::note(&format!("{} {verb}", ByteSize::from_bytes(pruned.freed)));
    }
    Ok(())
}

/// What a prune would remove, by the backend's rule. Layers that images share make the real
/// number of bytes smaller.
async fn candidates(args: &Args, context: &Context) -> Result<Pruned> {
    let images = ImagesQuery {
        engine: args.engine.engine,
    };
    let images = context.client.list_images(&images).await?;
    let everything = ListQuery {
        all: true,
        ..ListQuery::default()
    };
    let (sandboxes, _) = crate::commands::sandbox::fetch(everything, None, context).await?;
    let used: BTreeSet<&str> = sandboxes
        .iter()
        .map(|sandbox| sandbox.image_id.as_str())
        .collect();
    let goes = |image: &&ImageSummary| {
        (args.all || image.repo_tags.is_empty()) && !used.contains(image.id.as_str())
    };
    let going: Vec<&ImageSummary> = images.images.iter().filter(goes).collect();
    Ok(Pruned {
        removed: going.iter().map(|image| image.id.clone()).collect(),
        freed: going.iter().map(|image| image.size).sum(),
    })
}
