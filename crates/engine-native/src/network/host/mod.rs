//! What the host has once for all sandboxes: rules, and the settings that forwarding needs.
//!
//! Nothing of the host's own traffic is treated otherwise than before. Everything that is set is
//! recorded first in a file, so that it is put back even if this process dies in between.

mod claim;
mod filter;
mod forwarding;
mod legacy;
mod program;
mod record;
mod routes;
mod rules;
mod sysctl;

use std::collections::HashSet;
use std::path::PathBuf;

use self::claim::Claim;
use self::filter::{Filter, Replaced};
use self::forwarding::Forwarding;
use self::record::{Change, Record};
use self::routes::Routes;
use self::rules::Rules;
use self::sysctl::Sysctls;
use super::NetworkError;
use super::netlink::Socket;
use super::plan::{Block, Instance, Ipv6Forwarding, LinkPlan};

/// The host's side of the network of one engine.
#[derive(Debug, Clone)]
pub struct HostNetwork {
    record: PathBuf,
    block: Option<Block>,
    sysctls: Sysctls,
    claim: Claim,
}

/// What sandboxes reach, and where their links get their addresses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Egress {
    /// The engine's share of names and addresses.
    pub instance: Instance,
    /// How IPv6 is forwarded; `None` where the host itself reaches nothing by IPv6.
    pub ipv6: Option<Ipv6Forwarding>,
}

impl Egress {
    /// The link of the sandbox with this index. Indexes are the engine's to give; one that was
    /// in use should rest for a while, since its link goes some milliseconds after the sandbox.
    ///
    /// # Errors
    /// [`NetworkError::IndexOutOfRange`].
    pub fn link(&self, index: u32) -> Result<LinkPlan, NetworkError> {
        self.instance.link(index, self.ipv6)
    }
}

impl HostNetwork {
    /// The host network of the engine that keeps its record in this file, inside its data
    /// directory. `block` is the user's choice of addresses; without one a free one is taken.
    #[must_use]
    pub fn new(record: PathBuf, block: Option<Block>) -> Self {
        Self {
            record,
            block,
            sysctls: Sysctls::host(),
            claim: Claim::default(),
        }
    }

    /// Sets up, or brings up to date, what sandboxes need to reach the network and to reach
    /// nothing else.
    ///
    /// It may be called at any time and as often as one likes: it takes some milliseconds when
    /// there is nothing to do. The host's uplinks, and Docker's rules, may come and go; a call a
    /// minute follows them. The engine keeps this value while it runs: that tells others that it
    /// is alive.
    ///
    /// # Errors
    /// [`NetworkError`]; sandboxes have to do without egress then.
    pub fn ensure(&self) -> Result<Egress, NetworkError> {
        if !rustix::process::geteuid().is_root() {
            return Err(NetworkError::NotPermitted);
        }
        let routes = Routes::read()?;
        let mut filter = Filter::read()?;
        let mut record = match Record::load(&self.record)? {
            Some(record) if self.still_fits(&record, &filter, &routes) => record,
            Some(lost) => self.choose(&mut filter, &routes, lost.changes)?,
            None => self.choose(&mut filter, &routes, Vec::new())?,
        };
        loop {
            // Changes are on disk before they are made.
            let forwarding = Forwarding::plan(&self.sysctls, &routes)?;
            record.remember(&forwarding.changes);
            record.save(&self.record)?;
            let rules = Rules {
                instance: record.instance,
                owner: &record.owner,
                opened: record.opened_interfaces(),
            };
            match filter.replace(&rules)? {
                Replaced::Done => {
                    self.sysctls.apply(&forwarding.changes)?;
                    legacy::allow(record.instance, &forwarding.uplinks, &filter)?;
                    return Ok(Egress {
                        instance: record.instance,
                        ipv6: forwarding.ipv6,
                    });
                }
                // Another engine took the name between our look and our try.
                Replaced::Taken => {
                    filter = Filter::read()?;
                    record = self.choose(&mut filter, &routes, record.changes)?;
                }
            }
        }
    }

    /// Takes everything away again that [`HostNetwork::ensure`] set up: after the last sandbox.
    /// It is no error if there is nothing. The record stays, without the changes, so that the
    /// engine has the same names and addresses the next time.
    ///
    /// # Errors
    /// [`NetworkError`] when something could not be put back; a second call tries again.
    pub fn remove(&self) -> Result<(), NetworkError> {
        let Some(mut record) = Record::load(&self.record)? else {
            return Ok(());
        };
        let mut filter = Filter::read()?;
        legacy::remove(record.instance, &filter)?;
        self.sysctls.put_back(&record.changes)?;
        filter.remove(&record)?;
        record.changes.clear();
        record.save(&self.record)?;
        self.claim.release();
        Ok(())
    }

    /// The instance whose links and table are this engine's, if it has set up any.
    ///
    /// # Errors
    /// [`NetworkError`] when the record can't be read.
    pub fn instance(&self) -> Result<Option<Instance>, NetworkError> {
        Ok(Record::load(&self.record)?.map(|record| record.instance))
    }

    /// Whether the engine can go on with the names and addresses it had. While its table is there
    /// it does, whatever it was told since: sandboxes are using them.
    fn still_fits(&self, record: &Record, filter: &Filter, routes: &Routes) -> bool {
        let block = record.instance.block();
        let claimed = self.claim.take(record.instance);
        filter.owns(record)
            || claimed
                && !filter.has_table(&record.instance.table())
                && routes.conflict(block).is_none()
                && self.block.is_none_or(|wanted| wanted == block)
    }

    /// Chooses a share of names and addresses that nobody on the host uses, and takes it over if
    /// it was a dead engine's. `changes` are those that this engine has made already.
    fn choose(
        &self,
        filter: &mut Filter,
        routes: &Routes,
        changes: Vec<Change>,
    ) -> Result<Record, NetworkError> {
        let links = links()?;
        let mut reason = "all names are taken".to_owned();
        for number in 0..Instance::COUNT {
            let instance = Instance::new(number, self.block);
            if let Some(route) = routes.conflict(instance.block()) {
                reason = format!("{route} of this host lies in {}", instance.block());
                continue;
            }
            // Sandboxes outlive their engine, and so do their links.
            let has_links = links.iter().any(|link| instance.index_of(link).is_some());
            if !has_links && self.claim.take(instance) {
                filter.remove_table(&instance.table())?;
                let mut record = Record::new(instance)?;
                record.changes = changes;
                return Ok(record);
            }
        }
        Err(NetworkError::NoFreeBlock { reason })
    }
}

fn links() -> Result<HashSet<String>, NetworkError> {
    let failed = |source| NetworkError::Netlink {
        what: "listing links",
        link: "this host".to_owned(),
        source,
    };
    let links = Socket::open()
        .map_err(failed)?
        .links()
        .map_err(|error| failed(error.source))?;
    Ok(links.into_iter().map(|link| link.name).collect())
}
