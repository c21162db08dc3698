//! The kinds of requests, by what they do. Numbers are those of `linux/rtnetlink.h`,
//! `linux/if_link.h`, `linux/if_addr.h`, `linux/neighbour.h` and `linux/veth.h`.

use std::net::{IpAddr, Ipv6Addr};
use std::os::fd::{AsRawFd, BorrowedFd};

use super::batch::Batch;

const CREATE_EXCLUSIVELY: u16 = 0x400 | 0x200;
const DUMP: u16 = 0x300;

const NEW_LINK: u16 = 16;
const DELETE_LINK: u16 = 17;
pub(super) const GET_LINK: u16 = 18;
const SET_LINK: u16 = 19;
const NEW_ADDRESS: u16 = 20;
const NEW_ROUTE: u16 = 24;
const NEW_NEIGHBOUR: u16 = 28;

const LINK_ADDRESS: u16 = 1;
pub(super) const LINK_NAME: u16 = 3;
const LINK_INFO: u16 = 18;
const LINK_AF_SPEC: u16 = 26;
const LINK_GROUP: u16 = 27;
const LINK_NETNS_FD: u16 = 28;
const LINK_EXT_MASK: u16 = 29;
const LINK_TX_QUEUES: u16 = 31;
const LINK_RX_QUEUES: u16 = 32;

/// `RTEXT_FILTER_SKIP_STATS`: lists links without their counters.
const SKIP_STATISTICS: u32 = 8;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// A neighbour whose hardware address is known beforehand.
pub(crate) struct Neighbour {
    pub(crate) address: IpAddr,
    pub(crate) mac: [u8; 6],
}

/// One end of a veth pair.
pub(crate) struct End<'a> {
    pub(crate) name: &'a str,
    pub(crate) ifindex: u32,
    pub(crate) mac: [u8; 6],
}

impl Batch {
    /// Creates a veth pair whose second end is in another namespace from the first moment.
    pub(crate) fn create_veth(&mut self, near: &End<'_>, far: &End<'_>, netns: BorrowedFd<'_>) {
        let netns = netns.as_raw_fd().to_ne_bytes();
        let describe = |batch: &mut Self, end: &End<'_>| {
            batch.text(LINK_NAME, end.name);
            batch.attribute(LINK_ADDRESS, &end.mac);
            // The kernel would make a queue for each processor, which costs memory and gains
            // nothing without XDP.
            batch.attribute(LINK_TX_QUEUES, &1u32.to_ne_bytes());
            batch.attribute(LINK_RX_QUEUES, &1u32.to_ne_bytes());
        };
        self.request(
            "creating the link",
            NEW_LINK,
            CREATE_EXCLUSIVELY,
            &link(near.ifindex, 0, 0),
            |batch| {
                describe(batch, near);
                batch.nested(LINK_INFO, |batch| {
                    batch.text(1, "veth");
                    batch.nested(2, |batch| {
                        batch.nested(1, |batch| {
                            batch.raw(&link(far.ifindex, 0, 0));
                            describe(batch, far);
                            batch.attribute(LINK_NETNS_FD, &netns);
                        });
                    });
                });
            },
        );
    }

    /// Brings a link up.
    pub(crate) fn up(&mut self, ifindex: u32) {
        const UP: u32 = 1;
        self.request(
            "bringing the link up",
            SET_LINK,
            0,
            &link(ifindex, UP, UP),
            |_| {},
        );
    }

    /// Makes a link that has just got its other end usable at once (Linux 6.8).
    ///
    /// The kernel lets a link send only after a deferred job has seen that there is somebody at
    /// the other end, and drops what is sent before. Asking for the link does that job first.
    /// Older kernels do it some moments later.
    pub(crate) fn settle(&mut self, ifindex: u32) {
        self.request(
            "settling the link",
            GET_LINK,
            0,
            &link(ifindex, 0, 0),
            |batch| {
                batch.attribute(LINK_EXT_MASK, &SKIP_STATISTICS.to_ne_bytes());
            },
        );
    }

    /// Lets IPv4 packets that arrive on a link be forwarded. The setting dies with the link.
    pub(crate) fn forward_v4(&mut self, ifindex: u32) {
        const INET_CONF: u16 = 1;
        const FORWARDING: u16 = 1;
        self.request(
            "forwarding IPv4",
            SET_LINK,
            0,
            &link(ifindex, 0, 0),
            |batch| {
                batch.nested(LINK_AF_SPEC, |batch| {
                    batch.nested(AF_INET.into(), |batch| {
                        batch.nested(INET_CONF, |batch| {
                            batch.attribute(FORWARDING, &1u32.to_ne_bytes());
                        });
                    });
                });
            },
        );
    }

    /// Keeps a link from making itself a link-local IPv6 address, and from the traffic that goes
    /// with it. Ignored where the kernel has no IPv6.
    pub(crate) fn no_link_local(&mut self, ifindex: u32) {
        const ADDR_GEN_MODE: u16 = 8;
        const NONE: u8 = 1;
        self.request(
            "setting IPv6 of",
            SET_LINK,
            0,
            &link(ifindex, 0, 0),
            |batch| {
                batch.nested(LINK_AF_SPEC, |batch| {
                    batch.nested(AF_INET6.into(), |batch| {
                        batch.attribute(ADDR_GEN_MODE, &[NONE])
                    });
                });
            },
        );
        self.optional();
    }

    /// Gives a link an address, usable at once.
    pub(crate) fn address(&mut self, ifindex: u32, address: IpAddr, prefix: u8) {
        const ADDRESS: u16 = 1;
        const LOCAL: u16 = 2;
        /// `IFA_F_NODAD`: nobody else is on the link who could have the address.
        const NO_DETECTION: u8 = 2;
        let (family, bytes) = split(address);
        let [a, b, c, d] = ifindex.to_ne_bytes();
        let fixed = [family, prefix, NO_DETECTION, 0, a, b, c, d];
        self.request(
            "adding the address",
            NEW_ADDRESS,
            CREATE_EXCLUSIVELY,
            &fixed,
            |batch| {
                batch.attribute(LOCAL, &bytes);
                batch.attribute(ADDRESS, &bytes);
            },
        );
    }

    /// Makes the kernel take packets to an IPv6 address of a link at once. It enters that route by
    /// itself, in a job that runs some moments after the address was added, and drops what comes
    /// before. Ignored where the kernel was faster.
    pub(crate) fn local_route(&mut self, ifindex: u32, address: Ipv6Addr) {
        const DESTINATION: u16 = 1;
        const OUTPUT: u16 = 4;
        const TABLE_LOCAL: u8 = 255;
        const PROTOCOL_KERNEL: u8 = 2;
        const LOCAL: u8 = 2;
        let fixed = [
            AF_INET6,
            128,
            0,
            0,
            TABLE_LOCAL,
            PROTOCOL_KERNEL,
            0,
            LOCAL,
            0,
            0,
            0,
            0,
        ];
        self.request(
            "adding the local route",
            NEW_ROUTE,
            CREATE_EXCLUSIVELY,
            &fixed,
            |batch| {
                batch.attribute(DESTINATION, &address.octets());
                batch.attribute(OUTPUT, &ifindex.to_ne_bytes());
            },
        );
        self.optional();
    }

    /// Makes a neighbour's hardware address known for good. That spares the question, and the
    /// host's table of learned neighbours, whose size is limited (1,024 by default).
    pub(crate) fn neighbour(&mut self, ifindex: u32, neighbour: &Neighbour) {
        const DESTINATION: u16 = 1;
        const HARDWARE: u16 = 2;
        const PERMANENT: u16 = 0x80;
        let (family, bytes) = split(neighbour.address);
        let mut fixed = vec![family, 0, 0, 0];
        fixed.extend(ifindex.to_ne_bytes());
        fixed.extend(PERMANENT.to_ne_bytes());
        fixed.extend([0, 0]);
        self.request(
            "adding the neighbour",
            NEW_NEIGHBOUR,
            CREATE_EXCLUSIVELY,
            &fixed,
            |batch| {
                batch.attribute(DESTINATION, &bytes);
                batch.attribute(HARDWARE, &neighbour.mac);
            },
        );
    }

    /// Sends everything that has no other route to a gateway.
    pub(crate) fn default_route(&mut self, ifindex: u32, gateway: IpAddr) {
        const OUTPUT: u16 = 4;
        const GATEWAY: u16 = 5;
        const TABLE_MAIN: u8 = 254;
        const PROTOCOL_BOOT: u8 = 3;
        const SCOPE_UNIVERSE: u8 = 0;
        const UNICAST: u8 = 1;
        let (family, bytes) = split(gateway);
        let fixed = [
            family,
            0,
            0,
            0,
            TABLE_MAIN,
            PROTOCOL_BOOT,
            SCOPE_UNIVERSE,
            UNICAST,
            0,
            0,
            0,
            0,
        ];
        self.request(
            "adding the default route",
            NEW_ROUTE,
            CREATE_EXCLUSIVELY,
            &fixed,
            |batch| {
                batch.attribute(GATEWAY, &bytes);
                batch.attribute(OUTPUT, &ifindex.to_ne_bytes());
            },
        );
    }

    /// Puts a link into a group. Ignored when the link has gone.
    pub(crate) fn move_to_group(&mut self, ifindex: u32, group: u32) {
        self.request(
            "grouping the link",
            SET_LINK,
            0,
            &link(ifindex, 0, 0),
            |batch| {
                batch.attribute(LINK_GROUP, &group.to_ne_bytes());
            },
        );
        self.optional();
    }

    /// Deletes all links of a group at once. Ignored when there are none.
    pub(crate) fn delete_group(&mut self, group: u32) {
        self.request("deleting links", DELETE_LINK, 0, &link(0, 0, 0), |batch| {
            batch.attribute(LINK_GROUP, &group.to_ne_bytes());
        });
        self.optional();
    }

    /// Lists all links.
    pub(crate) fn list_links(&mut self) {
        self.request("listing links", GET_LINK, DUMP, &link(0, 0, 0), |batch| {
            batch.attribute(LINK_EXT_MASK, &SKIP_STATISTICS.to_ne_bytes());
        });
    }
}

/// `struct ifinfomsg`.
fn link(ifindex: u32, flags: u32, change: u32) -> [u8; 16] {
    let mut fixed = [0; 16];
    fixed[4..8].copy_from_slice(&ifindex.to_ne_bytes());
    fixed[8..12].copy_from_slice(&flags.to_ne_bytes());
    fixed[12..16].copy_from_slice(&change.to_ne_bytes());
    fixed
}

fn split(address: IpAddr) -> (u8, Vec<u8>) {
    match address {
        IpAddr::V4(address) => (AF_INET, address.octets().to_vec()),
        IpAddr::V6(address) => (AF_INET6, address.octets().to_vec()),
    }
}
