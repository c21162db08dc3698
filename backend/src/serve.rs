//! Putting the parts together, serving, and stopping in order.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use backend::app::{App, AppParts, Reach};
use backend::config::variables::Variable;
use backend::config::{Config, GrpcAddr, variables};
use backend::jobs::{self, Handlers, RedisAddress};
use backend::store::Choice;
use backend::{grpc, http};
use ctnr_agent::{DataDir, HostConfig};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::holding::{Candidate, Held, lock};

/// How long requests and changes under way have to be done when the backend is told to stop.
const DRAIN: Duration = Duration::from_secs(15);

/// Serves until a signal comes.
pub(crate) async fn serve(config: Config) -> anyhow::Result<()> {
    let options = http::Options::from_config(&config)?;
    let mut signals = Signals::listen()?;
    let path = match &config.data_dir {
        Some(path) => path.clone(),
        None => DataDir::default_path()?,
    };
    let (lock, installation) = lock(&path)?;
    // Bound before the rest is opened, so that a client who comes early waits and is not refused.
    let listener = bind(config.http_addr, variables::HTTP_ADDR).await?;
    let grpc_listener = match config.grpc_addr {
        GrpcAddr::At(address) => Some(bind(address, variables::GRPC_ADDR).await?),
        GrpcAddr::Default => match bind(GrpcAddr::DEFAULT, variables::GRPC_ADDR).await {
            Ok(listener) => Some(listener),
            Err(error) if is_taken(&error) => {
                tracing::warn!("gRPC is not served: {error:#}");
                None
            }
            Err(error) => return Err(error),
        },
        GrpcAddr::Off => None,
    };

    let database_url = config.database_url.as_ref().map(|url| url.reveal());
    let candidate = Candidate::new(
        path.clone(),
        HostConfig {
            preferred: config.engine,
            subnet: config.subnet.map(|subnet| subnet.to_string()),
        },
    );
    let holds_host = lock.is_some();
    let (choice, held) = tokio::join!(Choice::make(database_url, &path), async {
        match lock {
            Some(lock) => Some(candidate.take(lock).await),
            None => None,
        }
    });
    let choice = choice?;
    tracing::info!("{}", choice.sentence);
    if holds_host {
        candidate.tell_engines();
    }
    if !choice.is_only_one {
        tracing::info!(
            "this data directory was used with several databases: sandboxes that this one does not know are left alone"
        );
    }

    let address = listener.local_addr().unwrap_or(config.http_addr);
    let reach = Reach::at(
        config
            .internal_url
            .clone()
            .unwrap_or_else(|| reached_at(address)),
    );
    let redis = config
        .redis_url
        .as_ref()
        .map(|url| RedisAddress::parse(url.reveal()))
        .transpose()
        .context(variables::REDIS_URL.name)?;
    let store = choice.store.clone();
    let app = App::new(AppParts {
        store: choice.store,
        engines: candidate.engines().clone(),
        installation,
        reap_unknown: choice.is_only_one,
        scratch: path.join("scratch"),
        uploads: path.join("uploads"),
        host_folders: config.host_folders,
        handlers: Handlers::standard(),
        reach: Some(reach),
        holds_host,
    });
    let holding = match held {
        Some(held) => {
            app.start();
            tokio::spawn(std::future::ready(Some(held)))
        }
        None => tokio::spawn(candidate.take_over(app.clone())),
    };
    if let Some(redis) = redis {
        tokio::spawn(jobs::carry(redis, store, true, app.closing()));
    }
    if let Some(address) = grpc_listener.as_ref().map(TcpListener::local_addr) {
        let address = address.context("reading the address of gRPC")?;
        tracing::info!("serving gRPC on {address}");
    }
    tracing::info!(data_dir = %path.display(), "listening on http://{address}");

    let router = http::router(app.clone(), options);
    let grpc = async {
        if let Some(listener) = grpc_listener {
            grpc::serve(listener, app.clone(), router.clone()).await;
        }
    };
    let rest = http::serve_router(listener, app.closing(), router.clone());
    let server = async {
        tokio::join!(rest, grpc);
    };
    stop_in_order(&app, holding, server, &mut signals).await;
    Ok(())
}

async fn bind(address: SocketAddr, variable: Variable) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "can't listen on {address}; set {} to another address or port",
            variable.name
        )
    })
}

/// Whether an address could not be listened on because somebody else does.
fn is_taken(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<io::Error>();
    cause.is_some_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// Where this process is reached by those on this machine, when nothing else is set.
fn reached_at(listening: SocketAddr) -> String {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, listening.port()))
}

/// Serves until the first signal, lets what is under way come to its end, and stops. A second
/// signal stops at once.
async fn stop_in_order(
    app: &App,
    holding: JoinHandle<Option<Held>>,
    server: impl Future<Output = ()>,
    signals: &mut Signals,
) {
    let mut server = std::pin::pin!(server);
    tokio::select! {
        () = &mut server => return,
        () = signals.next() => {}
    }
    tracing::info!("stopping; a second signal stops at once");
    app.close();
    let drained = async {
        if tokio::time::timeout(DRAIN, &mut server).await.is_err() {
            tracing::warn!("some requests took longer than {DRAIN:?} and were cut off");
        }
        let alive = app.count_alive().await;
        if !app.stop(DRAIN).await {
            tracing::warn!(
                "some changes took longer than {DRAIN:?}; the next start looks after them"
            );
        }
        if let Ok(Some(held)) = holding.await {
            held.close().await;
        }
        alive
    };
    tokio::select! {
        alive = drained => match alive {
            Ok(0) => tracing::info!("stopped; no sandbox runs"),
            Ok(alive) => tracing::info!("stopped; sandboxes that keep running: {alive}. The next start goes on with them; to remove them, start the backend and run `ctnr sandbox rm --all`, or DELETE each"),
            Err(error) => tracing::info!("stopped; sandboxes keep running, and the database did not say how many ({error})"),
        },
        () = signals.next() => tracing::warn!("stopped at once; sandboxes keep running"),
    }
}

/// The signals that ask the backend to stop.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("listening for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
