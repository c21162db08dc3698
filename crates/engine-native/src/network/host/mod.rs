//! What the host has once for all sandboxes: rules, and the settings that forwarding needs.
//!
//! Nothing of the host's own traffic is treated otherwise than before. Everything that is set is
//! written down first, in a register that all engines of the host share: the last of them puts it
//! back, even if the one that set it is gone for good.

mod claim;
pub(super) mod cookie;
mod filter;
mod forwarding;
mod guard;
pub(super) mod held;
mod legacy;
mod program;
mod record;
mod register;
mod routes;
mod rules;
mod sysctl;

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use self::claim::Claim;
use self::filter::{Filter, Replaced};
use self::forwarding::Forwarding;
use self::record::Record;
use self::register::{Register, Registration};
use self::routes::Routes;
use self::rules::Rules;
use self::sysctl::{Change, Sysctls};
use super::NetworkError;
use super::netlink::Socket;
use super::plan::{Block, Instance, Ipv6Forwarding, LinkPlan};

/// Where the engines of a host keep what they share.
const SHARED: &str = "/run/ctnr";

/// How long the processes of an engine that is gone have to end.
const LAST_MOMENTS: Duration = Duration::from_secs(1);

/// The host's side of the network of one engine.
#[derive(Debug, Clone)]
pub struct HostNetwork {
    record: PathBuf,
    block: Option<Block>,
    presence: Option<PathBuf>,
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
            presence: None,
            sysctls: Sysctls::host(),
            claim: Claim::default(),
        }
    }

    /// The same, with a file that some process holds a lock on as long as a sandbox of the engine
    /// runs or is being started (`flock(2)`): other engines leave its network alone as long.
    #[must_use]
    pub fn kept_by(self, presence: PathBuf) -> Self {
        Self {
            presence: Some(presence),
            ..self
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
        let mut register = Register::open(Path::new(SHARED))?;
        let routes = Routes::read()?;
        let mut filter = Filter::read()?;
        let known = Record::load(&self.record)?;
        reap(
            &mut register,
            &mut filter,
            known.as_ref().map(|record| &*record.owner),
        )?;
        let mut record = match known {
            Some(record) if self.still_fits(&record, &filter, &routes) => record,
            Some(lost) => {
                register.leave(&lost.owner);
                self.choose(&mut filter, &routes)?
            }
            None => self.choose(&mut filter, &routes)?,
        };
        loop {
            record.save(&self.record)?;
            // Changes are written down before they are made.
            let forwarding = Forwarding::plan(&self.sysctls, &routes)?;
            register.enter(Registration {
                owner: record.owner.clone(),
                instance: record.instance,
                presence: self.presence.clone(),
            });
            register.remember(&forwarding.changes);
            register.save()?;
            let guard = guard::wanted(&register.opened_interfaces());
            let rules = Rules {
                instance: record.instance,
                owner: &record.owner,
            };
            match filter.bring(&rules, guard)? {
                Replaced::Done => {
                    self.sysctls.apply(&forwarding.changes)?;
                    legacy::allow(record.instance, &forwarding.uplinks, &filter)?;
                    return Ok(Egress {
                        instance: record.instance,
                        ipv6: forwarding.ipv6,
                    });
                }
                // An engine that does not see our register took the name meanwhile.
                Replaced::Taken => {
                    filter = Filter::read()?;
                    register.leave(&record.owner);
                    record = self.choose(&mut filter, &routes)?;
                }
            }
        }
    }

    /// Takes everything away again that [`HostNetwork::ensure`] set up, and that no other engine
    /// needs: after the last sandbox. It is no error if there is nothing, and it does the same for
    /// engines that are gone for good. The record stays, so that the engine has the same names and
    /// addresses the next time.
    ///
    /// # Errors
    /// [`NetworkError`] when something could not be put back; a second call tries again.
    pub fn remove(&self) -> Result<(), NetworkError> {
        let Some(mut register) = Register::open_existing(Path::new(SHARED))? else {
            return Ok(());
        };
        let mut filter = Filter::read()?;
        let own = Record::load(&self.record)?;
        // One that is not in the register has lost its share to another engine.
        if let Some(record) = own.filter(|record| register.has(&record.owner)) {
            take_away(&record.owner, record.instance, &mut filter)?;
            register.leave(&record.owner);
        }
        reap(&mut register, &mut filter, None)?;
        if register.engines().is_empty() {
            self.sysctls.put_back(register.changes())?;
            guard::remove(&mut filter)?;
            register.delete()?;
        } else {
            register.save()?;
        }
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
        filter.owns(&record.owner, record.instance)
            || claimed
                && !filter.has_table(&record.instance.table())
                && routes.conflict(block).is_none()
                && self.block.is_none_or(|wanted| wanted == block)
    }

    /// Chooses a share of names and addresses that nobody on the host uses, and takes it over if
    /// it was a dead engine's.
    fn choose(&self, filter: &mut Filter, routes: &Routes) -> Result<Record, NetworkError> {
        let links = links()?;
        let mut reason = "all names are taken".to_owned();
        for number in 0..Instance::COUNT {
            let instance = Instance::new(number, self.block);
            if let Some(route) = routes.conflict(instance.block()) {
                reason = format!("{route} of this host lies in {}", instance.block());
                continue;
            }
            // Sandboxes outlive their engine, and so do their links.
            let linked = links.iter().any(|link| instance.index_of(link).is_some());
            if !linked && self.claim.take(instance) {
                filter.remove_table(&instance.table())?;
                return Record::new(instance);
            }
        }
        Err(NetworkError::NoFreeBlock { reason })
    }
}

/// Takes engines out of the register that are gone, with what they left on the host; but not
/// `own`.
fn reap(
    register: &mut Register,
    filter: &mut Filter,
    own: Option<&str>,
) -> Result<(), NetworkError> {
    let others: Vec<_> = register
        .engines()
        .iter()
        .filter(|known| own != Some(&*known.owner))
        .cloned()
        .collect();
    for other in others {
        if !is_there(&other)? {
            take_away(&other.owner, other.instance, filter)?;
            register.leave(&other.owner);
        }
    }
    Ok(())
}

/// Whether an engine runs, or sandboxes that it left behind do.
fn is_there(engine: &Registration) -> Result<bool, NetworkError> {
    let locked = || {
        let lock = engine
            .presence
            .as_ref()
            .and_then(|path| File::open(path).ok());
        lock.is_some_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_err())
    };
    if !Claim::is_free(engine.instance) || has_links(engine.instance)? {
        return Ok(true);
    }
    // The last process of a killed engine may be ending, or may be starting a sandbox.
    let start = Instant::now();
    while locked() {
        if start.elapsed() > LAST_MOMENTS {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    // What that process was about to make is there by now.
    has_links(engine.instance)
}

fn has_links(instance: Instance) -> Result<bool, NetworkError> {
    Ok(links()?
        .iter()
        .any(|link| instance.index_of(link).is_some()))
}

/// Removes the rules of an engine.
fn take_away(owner: &str, instance: Instance, filter: &mut Filter) -> Result<(), NetworkError> {
    legacy::remove(instance, filter)?;
    filter.remove(owner, instance)
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
