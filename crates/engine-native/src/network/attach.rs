//! Setting up the network of one sandbox.
//!
//! Three messages to the kernel do it: from the host's namespace, from the sandbox's, and again
//! from the host's.

use std::io;
use std::net::IpAddr;
use std::os::fd::BorrowedFd;
use std::path::Path;

use super::netlink::{Batch, End, Neighbour, Refused, Socket};
use super::plan::{Ipv6Forwarding, LinkPlan};
use super::{NetworkError, within};

/// The interface number of `lo`, which is the first of every network namespace.
const LOOPBACK: u32 = 1;
/// The interface number of the sandbox's `eth0`: beyond what the kernel itself puts into a fresh
/// namespace (tunnels, where their modules are loaded).
const ETH0: u32 = 100;
/// The name of the sandbox's end.
const ETH0_NAME: &str = "eth0";

/// Joins a fresh network namespace to the host, and sets up everything inside it: `lo`, `eth0`,
/// addresses and default routes.
///
/// The caller is root in the host's network namespace, and [`HostNetwork::ensure`] has been called
/// (otherwise the sandbox is attached without protection and without a way out). When this fails,
/// what it made goes with the namespace.
///
/// # Errors
/// [`NetworkError::Netlink`] naming the step that failed; `EEXIST` means that the index is in use.
///
/// [`HostNetwork::ensure`]: super::HostNetwork::ensure
pub fn attach(netns: BorrowedFd<'_>, plan: &LinkPlan) -> Result<(), NetworkError> {
    let name = plan.name();
    let refused = |error: Refused| NetworkError::Netlink {
        what: error.what,
        link: name.clone(),
        source: error.source,
    };
    let opening = |source| Refused {
        what: "opening a netlink socket",
        source,
    };
    let host = Socket::open().map_err(opening).map_err(refused)?;
    host.apply(host_side(plan, netns)).map_err(refused)?;
    if plan.ipv6() == Some(Ipv6Forwarding::PerLink) {
        let path = format!("/proc/sys/net/ipv6/conf/{name}/force_forwarding");
        write(Path::new(&path), "1")?;
    }
    within(netns, || {
        Socket::open().map_err(opening)?.apply(sandbox_side(plan))
    })?
    .map_err(refused)?;
    let mut batch = Batch::new();
    batch.settle(plan.host_ifindex());
    host.apply(batch).map_err(refused)
}

/// Sets up a fresh network namespace that has `lo` only, for a sandbox without a link.
///
/// # Errors
/// [`NetworkError`] when the namespace can't be entered or `lo` can't be brought up.
pub fn loopback_only(netns: BorrowedFd<'_>) -> Result<(), NetworkError> {
    within(netns, loopback_here)?
}

/// Brings up `lo` in the calling thread's network namespace: for a process that is inside already,
/// as the sandbox's own init is where nobody outside may enter.
///
/// # Errors
/// [`NetworkError::Netlink`] when the kernel refuses.
pub fn loopback_here() -> Result<(), NetworkError> {
    let refused = |what, source| NetworkError::Netlink {
        what,
        link: "lo".to_owned(),
        source,
    };
    let mut batch = Batch::new();
    batch.up(LOOPBACK);
    Socket::open()
        .map_err(|source| refused("opening a netlink socket", source))?
        .apply(batch)
        .map_err(|error| refused(error.what, error.source))
}

fn host_side(plan: &LinkPlan, netns: BorrowedFd<'_>) -> Batch {
    let name = plan.name();
    let ifindex = plan.host_ifindex();
    let near = End {
        name: &name,
        ifindex,
        mac: plan.host_mac(),
    };
    let far = End {
        name: ETH0_NAME,
        ifindex: ETH0,
        mac: plan.sandbox_mac(),
    };
    let mut batch = Batch::new();
    batch.create_veth(&near, &far, netns);
    batch.forward_v4(ifindex);
    batch.no_link_local(ifindex);
    batch.up(ifindex);
    for (host, sandbox, prefix) in addresses(plan) {
        batch.address(ifindex, host, prefix);
        batch.neighbour(
            ifindex,
            &Neighbour {
                address: sandbox,
                mac: plan.sandbox_mac(),
            },
        );
    }
    batch
}

fn sandbox_side(plan: &LinkPlan) -> Batch {
    let mut batch = Batch::new();
    batch.up(LOOPBACK);
    batch.no_link_local(ETH0);
    batch.up(ETH0);
    for (host, sandbox, prefix) in addresses(plan) {
        batch.address(ETH0, sandbox, prefix);
        if let IpAddr::V6(sandbox) = sandbox {
            batch.local_route(ETH0, sandbox);
        }
        batch.neighbour(
            ETH0,
            &Neighbour {
                address: host,
                mac: plan.host_mac(),
            },
        );
        batch.default_route(ETH0, host);
    }
    batch
}

/// Host's address, sandbox's address and length of the prefix, for each family.
fn addresses(plan: &LinkPlan) -> impl Iterator<Item = (IpAddr, IpAddr, u8)> {
    let v4 = (
        plan.host_v4().into(),
        plan.sandbox_v4().into(),
        LinkPlan::PREFIX_V4,
    );
    let v6 = plan.ipv6().map(|_| {
        (
            plan.host_v6().into(),
            plan.sandbox_v6().into(),
            LinkPlan::PREFIX_V6,
        )
    });
    std::iter::once(v4).chain(v6)
}

fn write(path: &Path, value: &str) -> Result<(), NetworkError> {
    let file = |source: io::Error| NetworkError::File {
        what: "writing",
        path: path.to_owned(),
        source,
    };
    std::fs::write(path, value).map_err(file)
}
