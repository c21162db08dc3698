//! `ctnr image ls`.

use ctnr_api::{ImageSummary, ImagesQuery};
use ctnr_model::ByteSize;
use jiff::Timestamp;

use super::EngineArgs;
use crate::context::Context;
use crate::error::Result;
use crate::output::{Table, Tone, ago};

/// List images
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr image ls
  ctnr image ls --json | jq -r '.images[].RepoTags[]'")]
pub(crate) struct Args {
    /// Print ids alone
    #[arg(long, short = 'q')]
    quiet: bool,
    /// Show whole ids
    #[arg(long)]
    no_trunc: bool,
    #[command(flatten)]
    engine: EngineArgs,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let query = ImagesQuery {
        engine: args.engine.engine,
    };
    let list = context.client.list_images(&query).await?;
    if context.output.json {
        return context.output.document(list.json());
    }
    if args.quiet {
        for image in &list.images {
            context.output.line(short(&image.id, args.no_trunc))?;
        }
        return Ok(());
    }
    let now = Timestamp::now();
    let mut table = Table::new(["NAME", "ID", "SIZE", "CREATED"]);
    for image in &list.images {
        for (tone, name) in names(image) {
            let created = (image.created > 0)
                .then(|| Timestamp::from_second(image.created).ok())
                .flatten();
            table.row(
                tone,
                [
                    name,
                    short(&image.id, args.no_trunc).to_owned(),
                    ByteSize::from_bytes(image.size).to_string(),
                    created.map(|then| ago(then, now)).unwrap_or_default(),
                ],
            );
        }
    }
    table.print(context.output)
}

/// A row a name; one row for an image without any.
fn names(image: &ImageSummary) -> Vec<(Tone, String)> {
    if image.repo_tags.is_empty() {
        return vec![(Tone::Faint, "<none>".to_owned())];
    }
    image
        .repo_tags
        .iter()
        .map(|name| (Tone::Plain, name.clone()))
        .collect()
}

/// The first twelve digits of a digest, as Docker shows them.
pub(super) fn short(id: &str, whole: bool) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    match digits.get(..12) {
        Some(start) if !whole => start,
        _ => id,
    }
}
