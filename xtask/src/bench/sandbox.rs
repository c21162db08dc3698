//! `cargo xtask bench sandbox`: native and Docker behind one backend, alternating in one run, so
//! that the machine's noise meets both.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::figures::{EngineFigures, LoadFigures, Spread, milliseconds};
use super::machine::{Machine, resident_mib};
use super::page::{self, Figures};
use super::{Sandbox, load, rounds};
use crate::console::{self, Step};
use crate::down;
use crate::http::Api;
use crate::image;
use crate::packages::{self, consent, needs};
use crate::services::aftermath::Guest;
use crate::services::docker::{self, State};
use crate::services::free_port;
use crate::up::{Engine, Place, Server, build};

/// How long it is waited before each round: as long as the kernel takes down the network of the
/// round before, nobody else's is made.
const PAUSE: Duration = Duration::from_secs(1);

const ENGINES: [Engine; 2] = [Engine::Native, Engine::Docker];

pub(super) fn run(args: &Sandbox) -> Result<()> {
    if args.yes {
        consent::give();
    }
    packages::ensure_needs(&[needs::BUILD, needs::NATIVE, needs::DOCKER].concat())?;
    let _docker = match docker::state() {
        State::Absent => Some(Guest::start()?),
        State::Answering | State::Forbidden => None,
    };
    if !args.no_build {
        build(true)?;
    }
    let folder = tempfile::Builder::new()
        .prefix("ctnr-bench-")
        .tempdir()
        .context("cannot make a data directory")?;
    for engine in ENGINES {
        image::run(&image::Args {
            name: image::Name::Busybox,
            engine: Some(engine.of_images()),
            data_dir: Some(folder.path().to_owned()),
            archive: None,
            rebuild: false,
        })?;
    }
    let figures = measure(args, folder.path())?;
    let table = page::table(&figures);
    console::result(&table);
    if let Some(file) = &args.json {
        let text = serde_json::to_string_pretty(&figures).context("cannot write JSON")?;
        std::fs::write(file, text + "\n").with_context(|| format!("cannot write {file:?}"))?;
    }
    if args.write {
        page::write(&table)?;
    }
    Ok(())
}

fn measure(args: &Sandbox, data_dir: &Path) -> Result<Figures> {
    let server = Server::start(&Place {
        port: free_port()?,
        engine: Engine::Native,
        release: true,
        data_dir: Some(data_dir.to_owned()),
    })?;
    let figures = measure_at(args, &server);
    if figures.is_err() {
        // Sandboxes outlive the server, and its data directory is temporary.
        let removed = down::remove_all(server.api());
        removed.context("sandboxes of the measurement are left")?;
    }
    figures
}

fn measure_at(args: &Sandbox, server: &Server) -> Result<Figures> {
    let api = server.api();
    let idle_mib = resident_mib(server.pid()).context("the backend has ended")?;
    let step = Step::start("Warming up");
    for _ in 0..args.warm_up {
        for engine in ENGINES {
            rounds::one(api, engine)?;
        }
    }
    step.done();
    let [native, docker] = alternating(args.number, api)?;
    let load = under_load(args, server)?;
    Ok(Figures {
        machine: Machine::here(),
        number: args.number,
        start_to_listening_ms: milliseconds(server.started_in()),
        idle_mib,
        idle_after_mib: resident_mib(server.pid()).context("the backend has ended")?,
        native,
        docker,
        load,
    })
}

/// Measures the engines in turn.
fn alternating(number: u32, api: &Api) -> Result<[EngineFigures; 2]> {
    let step = Step::start(format!(
        "Creating, executing and deleting, {number} times each"
    ));
    let mut times = [Vec::new(), Vec::new()];
    for done in 0..number {
        step.progress(format!("{done} of {number}"));
        for (engine, times) in ENGINES.into_iter().zip(&mut times) {
            // The kernel goes on taking down the network of the last sandbox after it was deleted, and
            // the other engine is not to wait for that.
            thread::sleep(PAUSE);
            times.push(rounds::one(api, engine)?);
        }
    }
    step.done();
    Ok(times.map(|times| {
        let spread = |of: fn(&rounds::Round) -> Duration| {
            Spread::of(&times.iter().map(of).collect::<Vec<_>>())
        };
        EngineFigures {
            create: spread(|round| round.create),
            exec: spread(|round| round.exec),
            delete: spread(|round| round.delete),
        }
    }))
}

/// Measures what the native engine does at once.
fn under_load(args: &Sandbox, server: &Server) -> Result<LoadFigures> {
    let api = server.api();
    let step = Step::start(format!("Creating {} sandboxes at once", args.creates));
    let (creates, deletes) = load::creates_and_deletes(api, args.creates)?;
    step.done();
    let step = Step::start(format!("Executing {} commands at once", args.execs));
    let execs = load::execs(api, args.execs)?;
    step.done();
    let step = Step::start("Streaming output");
    let stream = load::stream(api, server.pid())?;
    step.done();
    Ok(LoadFigures {
        creates,
        deletes,
        execs,
        stream,
    })
}
