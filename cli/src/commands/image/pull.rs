//! `ctnr image pull`.

use ctnr_api::{Credentials, ImageFrame, PullRequest};
use ctnr_model::ImageReference;

use super::{EngineArgs, fetched};
use crate::context::Context;
use crate::error::{CliError, Result};

/// Fetch an image from its registry
///
/// The backend fetches it, with what ~/.docker/config.json of its own user holds for the
/// registry, or with --username.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr image pull alpine:3.22
  ctnr image pull registry.example.com:5000/team/app@sha256:…
  ctnr image pull -u robot --password-stdin registry.example.com/app < token")]
pub(crate) struct Args {
    /// For another platform than the backend's: linux/amd64, linux/arm64
    #[arg(long)]
    platform: Option<String>,
    /// The registry's user
    #[arg(long, short = 'u', requires = "password_stdin")]
    username: Option<String>,
    /// Read the registry's password or token from standard input
    #[arg(long, requires = "username")]
    password_stdin: bool,
    /// Print the id alone
    #[arg(long, short = 'q')]
    quiet: bool,
    #[command(flatten)]
    engine: EngineArgs,
    /// The image, as Docker names it
    image: ImageReference,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let request = PullRequest {
        image: args.image.clone(),
        platform: args.platform,
        credentials: args.username.map(credentials).transpose()?,
        engine: args.engine.engine,
    };
    let frames = context.client.pull_image(&request).await?;
    match fetched::follow(frames, args.quiet, context).await? {
        ImageFrame::Pulled(image) if !context.output.json => {
            if args.quiet {
                context.output.line(&image.id)
            } else {
                context.output.line(&args.image.familiar())
            }
        }
        _ => Ok(()),
    }
}

fn credentials(username: String) -> Result<Credentials> {
    let mut password = String::new();
    std::io::stdin()
        .read_line(&mut password)
        .map_err(|error| CliError::local("reading", "the password", error))?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        return Err(CliError::Usage(
            "standard input has no password; give it as in: ctnr image pull -u USER --password-stdin IMAGE < FILE".to_owned(),
        ));
    }
    Ok(Credentials { username, password })
}
