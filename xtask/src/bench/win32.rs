//! `cargo xtask bench win32`: containers with Wine beside bare Wine, in one run.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ctnr_images::Compression;
use serde_json::json;

use super::Win32;
use super::bare_wine::BareWine;
use super::figures::{Spread, milliseconds};
use super::machine::Machine;
use super::rounds::timed;
use crate::console::{self, Step};
use crate::http::Api;
use crate::image;
use crate::packages::{self, consent, needs};
use crate::services::free_port;
use crate::up::{Engine, Place, Server, build};

const PROGRAM: &str = r"C:\windows\system32\hostname.exe";

/// What was measured of containers.
struct Measured {
    create: Spread,
    stopped: Spread,
    running: Spread,
    idle_mib: f64,
    disk_kib: u64,
}

pub(super) fn run(args: &Win32) -> Result<()> {
    if args.yes {
        consent::give();
    }
    packages::ensure_needs(&[needs::BUILD, needs::NATIVE].concat())?;
    if !args.no_build {
        build(true)?;
    }
    let folder = tempfile::Builder::new()
        .prefix("ctnr-bench-")
        .tempdir()
        .context("cannot make a data directory")?;
    let data_dir = folder.path().join("data");
    image::run(&image::Args {
        name: image::Name::Wine,
        engine: Some(image::Engine::Native),
        data_dir: Some(data_dir.clone()),
        archive: None,
        rebuild: false,
    })?;
    let step = Step::start("Packing the runtime");
    let packed = image::packed_size(image::Name::Wine, Compression::Zstd)?;
    step.done();
    let step = Step::start("Measuring bare Wine");
    let layer = image::lowest_layer(image::Name::Wine)?;
    let bare = BareWine::measure(&layer, folder.path(), args.number)?;
    step.done();
    let measured = measure(args.number, &data_dir)?;
    console::result(table(args.number, packed, &bare, &measured));
    Ok(())
}

fn measure(number: u32, data_dir: &Path) -> Result<Measured> {
    let server = Server::start(&Place {
        port: free_port()?,
        engine: Engine::Native,
        release: true,
        data_dir: Some(data_dir.to_owned()),
    })?;
    let api = server.api();
    let mut made = Vec::new();
    let measured = measure_at(number, api, data_dir, &mut made);
    // Containers outlive the server, and its data directory is temporary.
    let removed = made.iter().try_for_each(|id| {
        api.expect(204, "DELETE", &format!("/api/containers/{id}"), None)
            .map(drop)
    });
    let measured = measured?;
    removed.context("a container of the measurement is left")?;
    Ok(measured)
}

fn measure_at(number: u32, api: &Api, data_dir: &Path, made: &mut Vec<String>) -> Result<Measured> {
    let step = Step::start(format!("Measuring containers, {number} times each"));
    let mut times = Vec::new();
    for _ in 0..number {
        let (id, time) = timed(|| create(api))?;
        made.push(id);
        times.push(time);
    }
    let create = Spread::of(&times);
    let id = made.last().context("no container was made")?;
    let mut stopped = Vec::new();
    let mut running = Vec::new();
    execute(api, id)?;
    for _ in 0..number {
        api.expect(200, "POST", &format!("/api/containers/{id}/stop"), None)?;
        stopped.push(timed(|| execute(api, id))?.1);
    }
    for _ in 0..number {
        running.push(timed(|| execute(api, id))?.1);
    }
    let idle_mib = idle_mib(api, id)?;
    let disk_kib = disk_kib(&data_dir.join("sandboxes"))?;
    step.done();
    Ok(Measured {
        create,
        stopped: Spread::of(&stopped),
        running: Spread::of(&running),
        idle_mib,
        disk_kib,
    })
}

fn create(api: &Api) -> Result<String> {
    let answer = api.expect(201, "POST", "/api/containers", Some(&json!({})))?;
    let id = answer["id"].as_str().map(str::to_owned);
    id.context("the answer to a creation has no id")
}

fn execute(api: &Api, id: &str) -> Result<()> {
    let body = json!({"cmd": [PROGRAM]});
    let answer = api.expect(
        200,
        "POST",
        &format!("/api/containers/{id}/exec"),
        Some(&body),
    )?;
    if answer["exit_code"] != 0 {
        bail!("{PROGRAM} failed: {answer}");
    }
    Ok(())
}

/// The memory of all processes of a container, each page that several share in its parts.
fn idle_mib(api: &Api, id: &str) -> Result<f64> {
    let label = format!("/v1/sandboxes?label=dev.ctnr.container={id}");
    let sandboxes = api.expect(200, "GET", &label, None)?;
    let sandbox = sandboxes["sandboxes"][0]["Id"]
        .as_str()
        .context("it has no sandbox")?;
    let sandbox = api.expect(200, "GET", &format!("/v1/sandboxes/{sandbox}"), None)?;
    let pid = &sandbox["State"]["Pid"];
    let space = |process: &Path| fs::read_link(process.join("ns/pid")).ok();
    let of_it = space(Path::new(&format!("/proc/{pid}"))).context("it does not run")?;
    let mut kib = 0;
    for entry in fs::read_dir("/proc").context("cannot list /proc")? {
        let process = entry.context("cannot list /proc")?.path();
        if space(&process).as_ref() == Some(&of_it) {
            let rollup = fs::read_to_string(process.join("smaps_rollup")).unwrap_or_default();
            let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
            let number = pss.and_then(|pss| pss.split_whitespace().next()?.parse::<u32>().ok());
            kib += number.unwrap_or_default();
        }
    }
    Ok((f64::from(kib) / 102.4).round() / 10.0)
}

/// What files below a folder take on the disk.
fn disk_kib(folder: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut blocks = 0;
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {folder:?}"))? {
            let entry = entry.with_context(|| format!("cannot list {folder:?}"))?;
            let metadata = entry.metadata().context("cannot stat a file")?;
            blocks += metadata.blocks();
            if metadata.is_dir() {
                pending.push(entry.path());
            }
        }
    }
    Ok(blocks / 2)
}

fn table(number: u32, packed: u64, bare: &BareWine, measured: &Measured) -> String {
    let (cold, warm) = (Spread::of(&bare.cold), Spread::of(&bare.warm));
    let row = |what: &str, measured: String, bare: String, goal: &str| {
        format!("| {what} | {measured} | {bare} | {goal} |")
    };
    let spread = |spread: Spread| format!("{} ms ({} ms)", spread.p50_ms, spread.p99_ms);
    let lines = [
        "| p50 (p99) | container | bare Wine | goal |".to_owned(),
        "|---|---:|---:|---:|".to_owned(),
        row(
            "create, from the template",
            spread(measured.create),
            format!("{} ms", milliseconds(bare.init)),
            "150 ms, 100 times",
        ),
        row(
            "console program in a stopped container, to exit",
            spread(measured.stopped),
            spread(cold),
            "faster than bare",
        ),
        row(
            "console program in a running container, to exit, over the API",
            spread(measured.running),
            spread(warm),
            "25 ms",
        ),
        row(
            "runtime with its template, packed",
            format!("{:.1} MB", megabytes(packed)),
            String::new(),
            "150 MB",
        ),
        row(
            "disk of all containers, one of them started",
            format!("{} KiB", measured.disk_kib),
            String::new(),
            "2 MB each",
        ),
        row(
            "memory of an idle started container",
            format!("{} MiB", measured.idle_mib),
            String::new(),
            "40 MB",
        ),
        String::new(),
        format!("`{PROGRAM}`, {number} of each, over HTTP; bare Wine is of the same packages."),
        String::new(),
        format!("Machine: {}.", Machine::here().shown()),
    ];
    lines.join("\n")
}

fn megabytes(bytes: u64) -> f64 {
    Duration::from_micros(bytes).as_secs_f64()
}
