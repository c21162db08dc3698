//! `ctnr sandbox cp`.

mod download;
mod upload;

use ctnr_model::ByteSize;

use crate::context::Context;
use crate::error::{About, CliError, Result};
use crate::output;
use crate::transfer::{Copied, Place};

/// Copy files and directories in and out of a sandbox
///
/// As `docker cp`: a directory is copied with all below it; into a directory that exists, under
/// its own name, or with /. behind it what is in it alone. - reads or writes a tar archive. Files
/// belong to root in the sandbox, and to you on this host. A path of this host with a colon is
/// written ./a:b.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr sandbox cp ./src web:/app/src
  ctnr sandbox cp web:/app/package.json .
  ctnr sandbox cp web:/app/. ./backup
  ctnr sandbox cp web:/var/log - | tar t
  tar c . | ctnr sandbox cp - web:/app")]
pub(crate) struct Args {
    /// Follow a symlink that SOURCE is
    #[arg(long, short = 'L')]
    follow_link: bool,
    /// Do not say what was copied
    #[arg(long, short = 'q')]
    quiet: bool,
    /// SANDBOX:PATH, a path of this host, or - for a tar archive
    source: Place,
    /// SANDBOX:PATH, a path of this host, or - for a tar archive
    destination: Place,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let copied = match (&args.source, &args.destination) {
        (
            Place::Sandbox {
                sandbox,
                path,
                ending,
            },
            destination,
        ) => {
            let source = download::Source {
                sandbox,
                path,
                ending: *ending,
                follow_link: args.follow_link,
            };
            match destination {
                Place::Host(to) => Some(source.to_host(to, context).await.about(sandbox.as_str())?),
                Place::Stream => {
                    source.to_stream(context).await.about(sandbox.as_str())?;
                    None
                }
                Place::Sandbox { .. } => {
                    return Err(CliError::Usage(
                        "both sides are sandboxes; use two: ctnr sandbox cp A:/x - | ctnr sandbox cp - B:/y".to_owned(),
                    ));
                }
            }
        }
        (
            source,
            Place::Sandbox {
                sandbox,
                path,
                ending,
            },
        ) => {
            let destination = upload::Destination {
                sandbox,
                path,
                ending: *ending,
            };
            match source {
                Place::Host(from) => Some(
                    destination
                        .take_path(from, args.follow_link, context)
                        .await
                        .about(sandbox.as_str())?,
                ),
                _ => {
                    destination
                        .take_stream(context)
                        .await
                        .about(sandbox.as_str())?;
                    None
                }
            }
        }
        _ => {
            return Err(CliError::Usage(
                "one side has to be a sandbox: ctnr sandbox cp ./file SANDBOX:/path, or the other way round".to_owned(),
            ));
        }
    };
    match copied {
        Some(copied) if context.output.json => context.output.document(&copied),
        Some(copied) if !args.quiet => {
            output::note(&sentence(copied));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn sentence(copied: Copied) -> String {
    let plural = if copied.entries == 1 { "y" } else { "ies" };
    format!(
        "copied {} entr{plural}, {}",
        copied.entries,
        ByteSize::from_bytes(copied.bytes)
    )
}
