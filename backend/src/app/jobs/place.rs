//! Where a request is served: here, or by the backend that holds another host.

use std::sync::atomic::{AtomicBool, Ordering};

use ctnr_model::{ContainerQuery, SandboxQuery};

use crate::app::{App, Result};
use crate::store::{Found, FoundContainer, HostRow};

/// What a request needs a host for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The host that new things are made on, its images and its engines.
    Host,
    /// A sandbox, on whichever host it is.
    Sandbox(SandboxQuery),
    /// A container, on whichever host it is.
    Container(ContainerQuery),
}

/// Who serves a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// This process.
    Here,
    /// The backend that holds the host.
    There(HostRow),
    /// Nobody has ever held the host with this database.
    Nowhere,
}

/// What a process knows of the hosts.
#[derive(Debug)]
pub(in crate::app) struct Hosts {
    /// Whether this process holds its host.
    holds: AtomicBool,
    /// Whether there are hosts beside the own one, or may be.
    peers: AtomicBool,
}

impl Hosts {
    pub(in crate::app) fn new(holds: bool) -> Self {
        Self {
            holds: AtomicBool::new(holds),
            // Looked at before the first request needs it, or right after.
            peers: AtomicBool::new(true),
        }
    }

    pub(super) fn set_peers(&self, peers: bool) {
        self.peers.store(peers, Ordering::Relaxed);
    }
}

impl App {
    /// Whether this process holds its host. One that does not is a replica.
    pub fn holds_host(&self) -> bool {
        self.inner.hosts.holds.load(Ordering::Acquire)
    }

    /// Begins to hold the host, whose engines are there, and does all that its owner does.
    pub fn take_host(&self) {
        self.inner.hosts.holds.store(true, Ordering::Release);
        self.start();
    }

    /// Who serves a request. What is not found is nobody's, and is answered here.
    pub async fn place_of(&self, subject: &Subject) -> Result<Place> {
        let holds = self.holds_host();
        if holds && !self.inner.hosts.peers.load(Ordering::Relaxed) {
            return Ok(Place::Here);
        }
        let own = &self.inner.installation;
        let host = match subject {
            Subject::Host => own.clone(),
            Subject::Sandbox(query) => match self.inner.store.find_sandbox(query).await? {
                Found::One(row) => row.host,
                Found::None | Found::Many(_) => return Ok(Place::Here),
            },
            Subject::Container(query) => match self.inner.store.find_container(query).await? {
                FoundContainer::One(row) => row.host,
                FoundContainer::None | FoundContainer::Many => return Ok(Place::Here),
            },
        };
        if holds && host == *own {
            return Ok(Place::Here);
        }
        Ok(match self.inner.store.host(&host).await? {
            Some(host) => Place::There(host),
            None => Place::Nowhere,
        })
    }
}
