//! The worker: claims jobs, and has them done by the backends that own the hosts. It never opens
//! an engine, so as many as are wanted can run, anywhere that the database is reached from.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use backend::config::{Config, variables};
use backend::jobs::{RedisAddress, WorkerConfig, work};
use backend::store::{Choice, Store};
use clap::Parser;
use ctnr_agent::DataDir;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

#[path = "../logging.rs"]
mod logging;

/// How long the jobs under way have to end when the worker is told to stop. They go on at the
/// hosts whatever happens to it, and another worker sees them through.
const DRAIN: Duration = Duration::from_secs(10);

/// Does the jobs of the platform.
///
/// Settings come from the same environment variables as the backend's: DATABASE_URL, REDIS_URL,
/// CONTAINERS_WORKER_JOBS, CONTAINERS_LOG, CONTAINERS_LOG_FORMAT, and CONTAINERS_DATA_DIR where the
/// database is the embedded one.
#[derive(Debug, Parser)]
#[command(name = "worker", version)]
struct Arguments {
    /// Name that the jobs it holds show
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There may be no log yet, and an error that ends the program belongs here anyway.
            let _ = writeln!(std::io::stderr(), "worker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = Config::read(|name| std::env::var_os(name))?;
    logging::start(&config)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the async runtime")?
        .block_on(serve(arguments, config))
}

async fn serve(arguments: Arguments, config: Config) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for signals")?;
    let store = open_store(&config).await?;
    let redis = config
        .redis_url
        .as_ref()
        .map(|url| RedisAddress::parse(url.reveal()))
        .transpose()
        .context(variables::REDIS_URL.name)?;
    let name = arguments.name.unwrap_or_else(|| {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        format!("worker {}:{}", host.trim(), std::process::id())
    });
    tracing::info!(name, redis = redis.is_some(), "taking jobs");
    let stopping = CancellationToken::new();
    let working = tokio::spawn(work(
        store.clone(),
        WorkerConfig {
            name,
            concurrency: usize::try_from(config.worker_jobs.get()).unwrap_or(usize::MAX),
            redis,
        },
        stopping.clone(),
    ));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping");
    stopping.cancel();
    if tokio::time::timeout(DRAIN, working).await.is_err() {
        tracing::info!("jobs are still under way at their hosts; another worker takes them over");
    }
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// The database that is named, or the one that a backend on the same data directory uses.
async fn open_store(config: &Config) -> anyhow::Result<Store> {
    if let Some(url) = &config.database_url {
        return Ok(Store::open(url.reveal()).await?);
    }
    let path = match &config.data_dir {
        Some(path) => path.clone(),
        None => DataDir::default_path()?,
    };
    DataDir::make(&path)?;
    let choice = Choice::make(None, &path).await?;
    tracing::info!("{}", choice.sentence);
    Ok(choice.store)
}
