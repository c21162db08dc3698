//! Saying who holds this host, and how to reach it.

use std::time::Duration;

use jiff::Timestamp;
use subtle::ConstantTimeEq;

use crate::app::App;
use crate::store::{Dialect, HostRow};

/// How often a backend says that it holds its host.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(10);

/// For how long a host that was seen counts as one of the platform's: sandboxes on it are still
/// there when its backend has been away for long.
pub(in crate::app) const KNOWN: Duration = Duration::from_secs(30 * 24 * 3_600);

/// How the other processes of the platform reach this one.
#[derive(Clone)]
pub struct Reach {
    /// The address: `http://10.0.0.5:8080`.
    pub url: String,
    secret: String,
}

impl Reach {
    /// At an address, with a secret that is drawn here.
    pub fn at(url: String) -> Self {
        Self {
            url,
            secret: format!(
                "{:032x}{:032x}",
                rand::random::<u128>(),
                rand::random::<u128>()
            ),
        }
    }
}

impl std::fmt::Debug for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reach({})", self.url)
    }
}

/// Says again and again that this process holds its host.
pub(in crate::app) async fn announce(app: App) {
    let Some(reach) = app.inner.reach.clone() else {
        return;
    };
    let mut failing = false;
    loop {
        let host = HostRow {
            installation: app.inner.installation.clone(),
            url: reach.url.clone(),
            secret: reach.secret.clone(),
            last_seen: Timestamp::now(),
        };
        match app.inner.store.announce_host(&host).await {
            Ok(()) => {
                failing = false;
                look_for_peers(&app).await;
            }
            Err(error) if failing => tracing::debug!(%error, "the database is away"),
            Err(error) => {
                failing = true;
                tracing::warn!(%error, "the database does not take who holds this host; trying again");
            }
        }
        let pause = if failing {
            Duration::from_secs(1)
        } else {
            ANNOUNCE_EVERY
        };
        tokio::select! {
            () = app.inner.stopping.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Notes whether there are other hosts, so that with one host no request asks the database for it.
///
/// A server's database may have another host at any moment, whose sandboxes are asked for here
/// right away; there, every request looks.
async fn look_for_peers(app: &App) {
    if app.inner.store.dialect() == Dialect::Postgres {
        return;
    }
    match app.inner.store.hosts_seen(KNOWN).await {
        Ok(hosts) => {
            let own = &app.inner.installation;
            let peers = hosts.iter().any(|host| host.installation != *own);
            app.inner.hosts.set_peers(peers);
        }
        Err(error) => tracing::debug!(%error, "the hosts could not be listed"),
    }
}

impl App {
    /// Whether a secret is the one that the other processes of the platform know, in a time that
    /// does not depend on where they differ.
    pub fn is_of_platform(&self, secret: &[u8]) -> bool {
        let reach = self.inner.reach.as_ref();
        reach.is_some_and(|reach| reach.secret.as_bytes().ct_eq(secret).into())
    }
}
