//! `cargo xtask up`: from a fresh clone to a running platform, with the demo walked through.

mod capture;
mod create;
mod demo;
mod engine;
mod server;
mod win32;

use anyhow::{Context, Result};

use crate::console::{self, Step};
use crate::http::Api;
use crate::image;
use crate::packages::{self, consent, needs};
use crate::panel;
use crate::signals;
use crate::workspace;
use engine::Chosen;

pub(crate) use engine::Engine;
pub(crate) use server::{Place, Server};

/// How to start.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What runs the sandboxes: by default `native` for root, `docker` for others.
    #[arg(long, value_enum)]
    engine: Option<Engine>,
    /// Ask nothing.
    #[arg(long)]
    yes: bool,
    /// Build with optimisations.
    #[arg(long)]
    release: bool,
    /// Only start: leave out the demo, Win32 containers and the images of both.
    #[arg(long)]
    no_demo: bool,
    /// Leave out Win32 containers and their runtime, which takes some minutes to make once.
    #[arg(long)]
    no_win32: bool,
    /// The port of the API.
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// Builds and starts the platform, walks through the demo, and stays until Ctrl-C.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.yes {
        consent::give();
    }
    server::expect_free(args.port)?;
    let engine = engine::choose(args.engine)?;
    packages::ensure_needs(&[needs::BUILD, engine.needs()].concat())?;
    engine::start(engine)?;
    panel::make_if_possible();
    build(args.release)?;
    let with_win32 = !args.no_demo && !args.no_win32 && runs_win32(engine);
    let mut images = vec![image::Name::Busybox];
    if !args.no_demo {
        images.push(image::Name::NextjsDocker);
    }
    if with_win32 {
        packages::ensure_needs(needs::INSTALLERS)?;
        images.push(image::Name::Wine);
    }
    for name in images {
        signals::check()?;
        make(name, engine)?;
    }
    signals::check()?;
    let server = Server::start(&Place {
        port: args.port,
        engine,
        release: args.release,
        data_dir: None,
    })?;
    if !args.no_demo && !signals::received() {
        demo::walk(server.api()).with_context(|| server.log_hint())?;
    }
    if with_win32 && !signals::received() {
        win32::walk(server.api()).with_context(|| server.log_hint())?;
        capture::walk(server.api()).with_context(|| server.log_hint())?;
    }
    welcome(server.api());
    server.stay()
}

/// Whether this user's engine runs Win32 containers; says so where it does not.
fn runs_win32(engine: Chosen) -> bool {
    let why = match engine {
        Engine::Native if rustix::process::geteuid().is_root() => return true,
        Engine::Native => "want the native engine as root",
        Engine::Docker => "run on the native engine alone, and this is Docker",
    };
    console::note(format!(
        "Win32 containers {why}: their part is left out. `sudo -E env \"PATH=$PATH\" cargo xtask up \
         --engine native` has it."
    ));
    false
}

/// Builds what a user runs.
pub(crate) fn build(release: bool) -> Result<()> {
    let step = Step::start("Building the backend and the command line");
    let profile: &[&str] = if release { &["--release"] } else { &[] };
    workspace::cargo()
        .args(["build", "--locked", "-p", "backend", "-p", "ctnr-cli"])
        .args(profile)
        .within(&step)
        .context(
            "the build failed; if a package is missing, `cargo xtask setup` installs all of them",
        )?;
    step.done();
    Ok(())
}

fn make(name: image::Name, engine: Chosen) -> Result<()> {
    image::run(&image::Args {
        name,
        engine: Some(engine.of_images()),
        data_dir: std::env::var_os("CONTAINERS_DATA_DIR").map(Into::into),
        archive: None,
        rebuild: false,
    })
}

fn welcome(api: &Api) {
    let base = api.base();
    console::note("");
    console::note(format!("The API answers on {base}. In another terminal:"));
    console::note(format!(
        "    curl -X POST {base}/v1/sandboxes -H 'Content-Type: application/json' \\\n      \
         \x20    -d '{{\"image\": \"busybox:latest\", \"cmd\": [\"sleep\", \"infinity\"]}}'"
    ));
    console::note("    cargo run -p ctnr-cli -- sandbox ls");
    console::note("    cargo run -p ctnr-cli -- list          (Win32 containers)");
    console::note("Ctrl-C stops the server. Sandboxes and containers keep running.");
}
