//! `ctnr sandbox create`.

use ctnr_api::{CreateSandbox, Env};
use ctnr_model::{ContainerPath, EngineKind, ImageReference, PortRequest, SandboxName, UserSpec};

use super::ports;
use crate::commands::resources::ResourceArgs;
use crate::complete;
use crate::context::Context;
use crate::environment::EnvironmentArgs;
use crate::error::Result;
use crate::output;

/// Create and start a sandbox
///
/// Prints the id on standard output, and where its ports answer on standard error. The image
/// must be there: see `ctnr image pull` and `ctnr image import`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr sandbox create busybox:latest sleep 1000
  ctnr sandbox create --name web -p 3000 nextjs-docker:latest
  ctnr sandbox create -p 8081:3000 -e NODE_ENV=test --memory 512m --cpus 1.5 nextjs-docker:latest
  ctnr sandbox create --network none --entrypoint '' busybox:latest sh -c 'sleep 1000'")]
pub(crate) struct Args {
    /// The name; one is made up where it is left out
    #[arg(long, short = 'n')]
    name: Option<SandboxName>,
    /// Publish a port: 3000, 8081:3000, 0.0.0.0:8081:3000, 53:53/udp
    ///
    /// Without a host port a free one is taken, and without an address it answers on 127.0.0.1
    /// and ::1.
    #[arg(long, short = 'p', value_name = "[[ADDRESS:]HOST:]PORT[/udp]")]
    publish: Vec<PortRequest>,
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Instead of the image's working directory
    #[arg(long, short = 'w', value_name = "DIR")]
    workdir: Option<ContainerPath>,
    /// Instead of the image's user
    #[arg(long, short = 'u', value_name = "USER[:GROUP]")]
    user: Option<UserSpec>,
    #[command(flatten)]
    resources: ResourceArgs,
    /// The engine that runs it [default: the backend's]
    #[arg(long, value_name = "native|docker")]
    engine: Option<EngineKind>,
    /// Instead of the image's entrypoint; '' for none
    #[arg(long, value_name = "PROGRAM")]
    entrypoint: Option<String>,
    /// Print the id alone
    #[arg(long, short = 'q')]
    quiet: bool,
    /// The image
    #[arg(add = complete::images())]
    image: ImageReference,
    /// The command and its arguments, instead of the image's
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let quiet = args.quiet;
    let request = request(args)?;
    let created = context.client.create_sandbox(&request).await?;
    if context.output.json {
        return context.output.document(created.json());
    }
    context.output.line(&created.id)?;
    if !quiet {
        for (port, host_port) in &created.ports {
            let address = context.client.address();
            let wanted = request
                .ports
                .iter()
                .find(|wanted| wanted.container.to_string() == *port);
            let is_public = wanted.is_some_and(|wanted| wanted.host.address.is_some());
            if is_public || address.is_loopback() {
                output::note(&ports::answer(port, address.host(), host_port));
            } else {
                output::note(&format!(
                    "{port} -> port {host_port} on the backend's own loopback; publish it with 0.0.0.0: before it to reach it from here"
                ));
            }
        }
    }
    Ok(())
}

fn request(args: Args) -> Result<CreateSandbox> {
    let entrypoint = args.entrypoint.map(|program| match program.as_str() {
        "" => Vec::new(),
        _ => vec![program],
    });
    Ok(CreateSandbox {
        name: args.name,
        ports: args.publish,
        cmd: (!args.command.is_empty()).then_some(args.command),
        entrypoint,
        env: Env(args.environment.read()?),
        workdir: args.workdir,
        user: args.user,
        labels: args.resources.labels()?,
        limits: args.resources.limits(),
        network: args.resources.network,
        engine: args.engine,
        ..CreateSandbox::of(args.image)
    })
}
