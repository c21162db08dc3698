//! `cargo xtask bench sandbox`: native and Docker behind one backend, alternating in one run, so
//! that the machine's noise meets both.

use std::path::Path;

use anyhow::{Context, Result};

use super::figures::{EngineFigures, Spread, milliseconds};
use super::machine::{Machine, resident_mib};
use super::page::{self, Figures};
use super::{Sandbox, rounds};
use crate::console::{self, Step};
use crate::down;
use crate::http::Api;
use crate::image;
use crate::packages::{self, consent, needs};
use crate::services::docker::{self, State};
use crate::services::free_port;
use crate::up::{Engine, Place, Server, build};

const ENGINES: [Engine; 2] = [Engine::Native, Engine::Docker];

pub(super) fn run(args: &Sandbox) -> Result<()> {
    if args.yes {
        consent::give();
    }
    packages::ensure_needs(&[needs::BUILD, needs::NATIVE, needs::DOCKER].concat())?;
    let _docker = match docker::state() {
        State::Absent => Some(docker::start()?),
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
    Ok(Figures {
        machine: Machine::here(),
        number: args.number,
        start_to_listening_ms: milliseconds(server.started_in()),
        idle_mib,
        native,
        docker,
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
            times.push(rounds::one(api, engine)?);
        }
    }
    step.done();
    let step = Step::start("Creating and executing many at a time");
    let mut figures = Vec::new();
    for (engine, times) in ENGINES.into_iter().zip(&times) {
        let spread = |of: fn(&rounds::Round) -> std::time::Duration| {
            Spread::of(&times.iter().map(of).collect::<Vec<_>>())
        };
        figures.push(EngineFigures {
            create: spread(|round| round.create),
            exec: spread(|round| round.exec),
            delete: spread(|round| round.delete),
            creates_per_second: rounds::creates_per_second(api, engine)?,
            execs_per_second: rounds::execs_per_second(api, engine)?,
        });
    }
    step.done();
    match <[EngineFigures; 2]>::try_from(figures) {
        Ok(both) => Ok(both),
        Err(_) => anyhow::bail!("there are two engines"),
    }
}
