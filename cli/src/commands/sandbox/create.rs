//! `ctnr sandbox create`.

use std::collections::BTreeMap;

use ctnr_api::{CreateSandbox, Env, LimitsRequest};
use ctnr_model::{
    ByteSize, ContainerPath, EngineKind, ImageReference, Invalid, NetworkMode, PortRequest,
    SandboxName, UserSpec,
};

use super::ports;
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
    /// Add a label, to find the sandbox again
    #[arg(long, short = 'l', value_name = "KEY[=VALUE]")]
    label: Vec<String>,
    /// At most so much memory: 512m, 2g; 0 for no limit [default: 2g]
    #[arg(long, short = 'm', value_name = "SIZE")]
    memory: Option<ByteSize>,
    /// At most so many processors: 1.5; 0 for no limit
    #[arg(long, value_name = "NUMBER")]
    cpus: Option<f64>,
    /// At most so many processes and threads; 0 for no limit [default: 4096]
    #[arg(long, visible_alias = "pids-limit", value_name = "NUMBER")]
    pids: Option<u32>,
    /// What it reaches: all but the host and other sandboxes, or nothing
    #[arg(long, value_name = "open|none", value_parser = network)]
    network: Option<NetworkMode>,
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
    let limits = LimitsRequest {
        memory: args.memory,
        cpus: args.cpus,
        pids: args.pids,
    };
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
        labels: labels(&args.label)?,
        limits: (limits != LimitsRequest::default()).then_some(limits),
        network: args.network,
        engine: args.engine,
        ..CreateSandbox::of(args.image)
    })
}

fn labels(texts: &[String]) -> Result<BTreeMap<String, String>> {
    let mut labels = BTreeMap::new();
    for text in texts {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        if key.is_empty() {
            return Err(Invalid::new("label", text, "expected KEY or KEY=VALUE").into());
        }
        labels.insert(key.to_owned(), value.to_owned());
    }
    Ok(labels)
}

fn network(text: &str) -> std::result::Result<NetworkMode, Invalid> {
    match text {
        "open" => Ok(NetworkMode::Open),
        "none" => Ok(NetworkMode::None),
        _ => Err(Invalid::new("network", text, "expected open or none")),
    }
}
