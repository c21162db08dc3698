//! `ctnr install`.

use std::path::PathBuf;

use ctnr_api::{Capture, CaptureRequest};
use ctnr_client::ClientError;
use ctnr_model::{ContainerName, ContainerQuery};

use super::{jobs, upload};
use crate::complete;
use crate::context::Context;
use crate::error::{About, CliError, Result};
use crate::output;

/// Install a program into a container from its installer
///
/// The installer runs in the container, without asking: NSIS, Inno Setup, .msi, WiX bundles,
/// Squirrel and self-extracting archives of 7-Zip are known. What it leaves becomes the container's
/// program, with entry points for `ctnr run`. An installer that fails, takes too long or is called
/// off leaves the container as it was. A container that is not there is created.
#[derive(Debug, Clone, clap::Args)]
#[command(
    visible_alias = "capture",
    after_help = "Examples:
  ctnr install zip 7z-setup.exe
  ctnr install editor editor.msi --timeout 600
  ctnr install tool setup.exe --arg /quiet --arg /norestart
  ctnr install office setup.exe --by-hand
  ctnr install office --finish
  ctnr install office --list"
)]
pub(crate) struct Args {
    /// The container's name, its id, or the unique start of its id
    #[arg(value_name = "CONTAINER", value_parser = ContainerQuery::parse, add = complete::containers())]
    container: ContainerQuery,
    /// The installer
    #[arg(required_unless_present_any = ["list", "finish"])]
    file: Option<PathBuf>,
    /// Its kind, where it is not told from its bytes: nsis, inno, msi, burn, squirrel, seven_zip,
    /// program
    #[arg(long)]
    kind: Option<String>,
    /// An argument of the installer, instead of those that make it ask nothing; can be given
    /// several times
    #[arg(long = "arg", value_name = "ARGUMENT", allow_hyphen_values = true)]
    arguments: Vec<String>,
    /// Let a person drive it; --finish says when it is done
    #[arg(long, conflicts_with_all = ["list", "finish"])]
    by_hand: bool,
    /// Say that the installer that is driven by hand has done its work
    #[arg(long, conflicts_with_all = ["file", "list"])]
    finish: bool,
    /// List what installers have left in the container
    #[arg(long, conflicts_with = "file")]
    list: bool,
    /// How many seconds it may take
    #[arg(long, value_name = "SECONDS", default_value_t = 1800.0)]
    timeout: f64,
    /// How many seconds programs that it leaves running are waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0)]
    settle: f64,
    /// Print the job's id, and do not wait for it
    #[arg(long, short = 'd')]
    detach: bool,
    /// Without progress
    #[arg(long, short = 'q')]
    quiet: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let container = &args.container;
    if args.list {
        return list(container, context).await;
    }
    if args.finish {
        return context
            .client
            .finish_capture(container)
            .await
            .about(container.as_str());
    }
    let Some(file) = &args.file else {
        return Err(CliError::Usage("name an installer".to_owned()));
    };
    let name = file.file_name().and_then(|name| name.to_str());
    let name =
        name.ok_or_else(|| CliError::Usage(format!("{} has no name of a file", file.display())))?;
    ensure(container, args.quiet, context).await?;
    let upload = upload::send(file, args.quiet || context.output.json, context).await?;
    let request = CaptureRequest {
        upload: upload.clone(),
        name: name.to_owned(),
        kind: args.kind,
        arguments: (!args.arguments.is_empty()).then_some(args.arguments),
        by_hand: args.by_hand,
        timeout: Some(args.timeout),
        settle: Some(args.settle),
    };
    let started = context.client.capture(container, &request).await;
    let started = match started.about(name) {
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
    let ended = jobs::follow(&started.job, args.quiet || context.output.json, context).await;
    let _ = context.client.delete_upload(&upload).await;
    let ended = ended.about(name)?;
    if context.output.json {
        return context.output.document(ended.json());
    }
    let inspected = context.client.inspect_container(container).await?;
    for entry in &inspected.entry_points {
        context.output.line(entry)?;
    }
    if !args.quiet {
        let name = container.as_str();
        let hint = match inspected.entry_points.first() {
            Some(_) => format!("`ctnr run {name}` runs the first of these entry points"),
            None => format!("no program was found; `ctnr exec {name}` runs any by its path"),
        };
        output::note(&hint);
    }
    Ok(())
}

/// Makes the container where it is not there.
async fn ensure(container: &ContainerQuery, quiet: bool, context: &Context) -> Result<()> {
    match context.client.inspect_container(container).await {
        Ok(_) => Ok(()),
        Err(error) => {
            let is_missing = matches!(&error, ClientError::Refused(refused) if refused.code == ctnr_api::ErrorCode::NotFound);
            let name = ContainerName::parse(container.as_str());
            let (true, Ok(name)) = (is_missing, name) else {
                return Err(error).about(container.as_str());
            };
            let request = ctnr_api::CreateContainer {
                name: Some(name),
                ..ctnr_api::CreateContainer::default()
            };
            let created = context.client.create_container(&request, None).await?;
            if let Some(job) = &created.job {
                jobs::follow(job, quiet, context).await?;
            }
            Ok(())
        }
    }
}

async fn list(container: &ContainerQuery, context: &Context) -> Result<()> {
    let answer = context.client.list_captures(container).await;
    let answer = answer.about(container.as_str())?;
    if context.output.json {
        return context.output.document(answer.json());
    }
    let mut table = output::Table::new([
        "LAYER",
        "INSTALLER",
        "KIND",
        "PRODUCT",
        "VERSION",
        "PUBLISHER",
        "KEYS",
    ]);
    for capture in &answer.captures {
        table.row(output::Tone::Plain, line(capture));
    }
    table.print(context.output)
}

fn line(capture: &Capture) -> [String; 7] {
    let product = capture.products.first();
    let of = |text: Option<&String>| text.cloned().unwrap_or_default();
    [
        capture.layer.get(..12).unwrap_or(&capture.layer).to_owned(),
        capture.installer.clone(),
        capture.kind.clone(),
        of(product.map(|product| &product.name)),
        of(product.and_then(|product| product.version.as_ref())),
        of(product.and_then(|product| product.publisher.as_ref())),
        capture.registry.as_array().map_or(0, Vec::len).to_string(),
    ]
}
