//! `cargo xtask test`: the plain tier.
//!
//! ```text
//! packages -> checks -> build -> host looked at -> servers -> host looked at
//!     -> tests -> the panel's tests -> generated requests -> host as it was? -> servers stopped
//!     -> host as it was?
//! ```

mod fuzz;
mod panel;
mod podman;
mod soak;
mod suite;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::check;
use crate::console::{self, Step};
use crate::image;
use crate::leaks::{Mark, Snapshot};
use crate::packages::{self, consent, needs};
use crate::panel::Frontend;
use crate::services::docker::{self, State};
use crate::services::postgres::Postgres;
use crate::services::redis::Redis;
use crate::services::registry::Registry;
use crate::services::{Service, aftermath};
use crate::signals;
use crate::tally::Tally;
use crate::wheel;
use crate::workspace::{self, Workspace};

/// What the last line of the run calls it.
const TIER: &str = "plain tier";

/// What the gRPC client of the end-to-end tests needs of Python.
const GRPC_REQUIREMENTS: &str = "tests/e2e/programs/requirements.txt";

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Leave out the checks (`cargo xtask check`).
    #[arg(long)]
    no_check: bool,
    /// Only send the generated requests.
    #[arg(long)]
    fuzz: bool,
    /// Only test the panel: its logic, and its pages in Chromium before a real backend.
    #[arg(long)]
    panel: bool,
    /// Only kill the backend, its launcher and its supervisors, 200 times in a storm of requests.
    #[arg(long)]
    soak: bool,
    /// Only run the Docker engine's contract on Podman's socket.
    #[arg(long)]
    podman: bool,
    /// Ask nothing.
    #[arg(long)]
    yes: bool,
}

/// Runs the checks and all tests against real servers and engines.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.yes {
        consent::give();
    }
    // Without a terminal it is a machine that runs the tests, and it wants what they need.
    consent::give_unless_asked();
    packages::ensure_needs(
        &[
            needs::BUILD,
            needs::CHECK,
            needs::NATIVE,
            needs::DOCKER,
            needs::TEST,
            needs::INSTALLERS,
        ]
        .concat(),
    )?;
    if args.fuzz {
        return fuzz_alone()?.conclude("generated requests");
    }
    if args.panel {
        return panel::alone()?.conclude("the panel");
    }
    if args.soak {
        return soak::run()?.conclude("soak tier");
    }
    if args.podman {
        return podman::run()?.conclude("Podman tier");
    }
    let mut tally = Tally::default();
    if !args.no_check {
        tally.add(check::all()?);
    }
    let workspace = Workspace::read()?;
    workspace.build("--bins")?;
    workspace.build("--tests")?;
    signals::check()?;
    tally.add(with_servers(&workspace)?);
    if signals::received() {
        tally.fail("interrupted");
    }
    tally.conclude(TIER)
}

fn fuzz_alone() -> Result<Tally> {
    let workspace = Workspace::read()?;
    workspace.build("--bins")?;
    let folders = Folders::make()?;
    let scratch = folders.scratch.path();
    let environment = [("TMPDIR", scratch.to_owned())];
    fuzz::run(&workspace, &environment, scratch)
}

/// The folders of a run.
struct Folders {
    /// For the servers.
    servers: tempfile::TempDir,
    /// `TMPDIR` of the tests, which is empty again at their end. Its path is short, since sockets
    /// are put there.
    scratch: tempfile::TempDir,
}

impl Folders {
    fn make() -> Result<Self> {
        let make = |prefix: &str| {
            tempfile::Builder::new()
                .prefix(prefix)
                // Servers that run as users of their own pass through it.
                .permissions(fs::Permissions::from_mode(0o711))
                .tempdir()
                .context("cannot make a temporary folder")
        };
        Ok(Self {
            servers: make("ctnr-servers-")?,
            scratch: make("ctnr-test-")?,
        })
    }
}

fn with_servers(workspace: &Workspace) -> Result<Tally> {
    let mark = Mark::new();
    let folders = Folders::make()?;
    let scratch = folders.scratch.path();
    let untouched = Snapshot::take(&mark, scratch)?;
    let mut tally = Tally::default();

    let servers = Servers::start(folders.servers.path())?;
    let started_docker = servers.docker.is_some();
    tally.add(tests(workspace, &servers, &mark, scratch)?);

    let step = Step::start("Stopping the servers");
    drop(servers);
    step.done();
    if started_docker {
        aftermath::take_back(&untouched, &Snapshot::take(&mark, scratch)?);
    }
    let step = Step::start("Comparing the host with how it was at first");
    expect(
        &untouched,
        &mark,
        scratch,
        "the host after the servers",
        step,
        &mut tally,
    );
    Ok(tally)
}

/// Runs the tests between two looks at the host.
fn tests(workspace: &Workspace, servers: &Servers, mark: &Mark, scratch: &Path) -> Result<Tally> {
    let (wine, windows) = (image::archive(image::Name::Wine)?, image::programs()?);
    let grpc = wheel::fetch_all("grpcio", &workspace::root().join(GRPC_REQUIREMENTS))?;
    let frontend = Frontend::ready()?;
    let before = Snapshot::take(mark, scratch)?;
    let environment = [
        (
            "CTNR_TEST_BIN_DIR",
            workspace.target_directory.join("debug"),
        ),
        ("CTNR_TEST_POSTGRES", servers.postgres.url().into()),
        ("CTNR_TEST_REDIS", servers.redis.url().into()),
        ("CTNR_TEST_REGISTRY", servers.registry.address().into()),
        ("CTNR_TEST_WINE", wine),
        ("CTNR_TEST_WIN32", windows),
        ("CTNR_TEST_GRPC", grpc),
        ("TMPDIR", scratch.to_owned()),
        (Mark::NAME, mark.value().into()),
    ];
    let mut tally = suite::run(workspace, &environment)?;
    if !signals::received() {
        tally.add(panel::run(&frontend, workspace, &environment, scratch)?);
    }
    if !signals::received() {
        tally.add(fuzz::run(workspace, &environment, scratch)?);
    }
    let step = Step::start("Comparing the host with how it was before the tests");
    expect(
        &before,
        mark,
        scratch,
        "the host after the tests",
        step,
        &mut tally,
    );
    Ok(tally)
}

fn expect(
    before: &Snapshot,
    mark: &Mark,
    scratch: &Path,
    name: &str,
    step: Step,
    tally: &mut Tally,
) {
    match before.expect_restored(mark, scratch) {
        Ok(()) => {
            step.done();
            tally.pass();
        }
        Err(error) => {
            drop(step);
            console::error(&error);
            tally.fail(name);
        }
    }
}

/// The real servers that the tests talk to.
struct Servers {
    postgres: Postgres,
    redis: Redis,
    registry: Registry,
    /// Where no Docker answered before.
    docker: Option<Service>,
}

impl Servers {
    fn start(folder: &Path) -> Result<Self> {
        let step = Step::start("Starting PostgreSQL");
        let postgres = Postgres::start(folder)?;
        step.done_with(postgres.url());
        let step = Step::start("Starting Redis");
        let redis = Redis::start(folder)?;
        step.done_with(redis.url());
        let step = Step::start("Starting a registry");
        let registry = Registry::start(folder)?;
        step.done_with(registry.address());
        let docker = match docker::state() {
            State::Answering => None,
            State::Forbidden => bail!(
                "Docker runs, and this user may not use it: add the user to the group docker \
                 (`sudo usermod -aG docker $USER`, then log in again), or run the tests as root"
            ),
            State::Absent if !rustix::process::geteuid().is_root() => bail!(
                "Docker does not answer on {}, and only root can start it: run `sudo systemctl \
                 start docker`, or run the tests as root",
                docker::SOCKET
            ),
            State::Absent => {
                let step = Step::start("Starting Docker");
                let service = docker::start()?;
                step.done();
                Some(service)
            }
        };
        Ok(Self {
            postgres,
            redis,
            registry,
            docker,
        })
    }
}

/// A variable for the tests.
type Variable = (&'static str, PathBuf);
