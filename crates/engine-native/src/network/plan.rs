//! Which addresses, names and numbers belong to a sandbox's link. Pure.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::NetworkError;

/// How many links an instance can have: a /16 holds this many networks of two addresses.
pub const CAPACITY: u32 = 1 << 15;

/// The private IPv4 network of size 16 that an instance takes its addresses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Block {
    octets: [u8; 2],
}

impl Block {
    /// The length of the network's prefix, in bits.
    pub const PREFIX: u8 = 16;

    /// The network's address.
    #[must_use]
    pub fn network(self) -> Ipv4Addr {
        Ipv4Addr::new(self.octets[0], self.octets[1], 0, 0)
    }

    /// The IPv6 network of size 48 that goes with the block: a unique local one (RFC 4193) whose
    /// number is derived from the block's, so that two instances on a host never share it.
    #[must_use]
    pub fn network_v6(self) -> Ipv6Addr {
        let [a, b] = self.octets;
        Ipv6Addr::new(0xfd63, 0x746e, u16::from_be_bytes([a, b]), 0, 0, 0, 0, 0)
    }

    /// Whether a network of the host lies within the block, or is exactly the block. A wider one
    /// is no conflict: the links' own routes are more specific.
    #[must_use]
    pub fn contains(self, network: Ipv4Addr, prefix: u8) -> bool {
        prefix >= Self::PREFIX && network.octets()[..2] == self.octets
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network(), Self::PREFIX)
    }
}

impl FromStr for Block {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let invalid = || NetworkError::InvalidBlock {
            text: text.chars().take(80).collect(),
        };
        let network: Ipv4Addr = text
            .strip_suffix("/16")
            .and_then(|address| address.parse().ok())
            .ok_or_else(invalid)?;
        let [a, b, c, d] = network.octets();
        // Carrier-grade NAT space (RFC 6598) is as free for private use on a host as RFC 1918's.
        let shared = a == 100 && (64..128).contains(&b);
        if (c, d) != (0, 0) || !(network.is_private() || shared) {
            return Err(invalid());
        }
        Ok(Self { octets: [a, b] })
    }
}

impl TryFrom<String> for Block {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl From<Block> for String {
    fn from(block: Block) -> Self {
        block.to_string()
    }
}

/// One engine's share of the host's network: two data directories on a host have two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Instance {
    number: u8,
    block: Block,
}

impl Instance {
    /// How many instances are told apart.
    pub const COUNT: u8 = 50;

    /// The instance of this number, with its own block or the one given. Numbers beyond
    /// [`Instance::COUNT`] wrap around.
    #[must_use]
    pub fn new(number: u8, block: Option<Block>) -> Self {
        let number = number % Self::COUNT;
        Self {
            number,
            block: block.unwrap_or(Block {
                octets: [10, 201 + number],
            }),
        }
    }

    /// Which of the instances of a host it is.
    #[must_use]
    pub fn number(self) -> u8 {
        self.number
    }

    /// The instance's addresses.
    #[must_use]
    pub fn block(self) -> Block {
        self.block
    }

    /// The name of the instance's nft table: `ctnr`, or `ctnr1` and so on.
    #[must_use]
    pub fn table(self) -> String {
        if self.number == 0 {
            "ctnr".to_owned()
        } else {
            format!("ctnr{}", self.number)
        }
    }

    /// What the names of the host's ends of all links begin with: `ctnr-`, or `ctnr1-` and so on.
    /// No instance's is the beginning of another's.
    #[must_use]
    pub fn link_prefix(self) -> String {
        self.table() + "-"
    }

    /// The index of the link with this name, if it is one of the instance's.
    #[must_use]
    pub fn index_of(self, link: &str) -> Option<u32> {
        let index = link.strip_prefix(&self.link_prefix())?.parse().ok()?;
        (self.link_name(index) == link && index < CAPACITY).then_some(index)
    }

    fn link_name(self, index: u32) -> String {
        format!("{}{index}", self.link_prefix())
    }

    /// The link of the sandbox with this index.
    ///
    /// # Errors
    /// [`NetworkError::IndexOutOfRange`] from [`CAPACITY`] on.
    pub fn link(self, index: u32, ipv6: Option<Ipv6Forwarding>) -> Result<LinkPlan, NetworkError> {
        if index >= CAPACITY {
            return Err(NetworkError::IndexOutOfRange { index });
        }
        Ok(LinkPlan {
            instance: self,
            index,
            ipv6,
        })
    }
}

/// How the host is made to forward IPv6, which decides what a link has to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ipv6Forwarding {
    /// The host forwards between all its interfaces.
    Global,
    /// Each interface says for itself (Linux 6.17, `force_forwarding`).
    PerLink,
}

/// One sandbox's link: everything that follows from its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LinkPlan {
    instance: Instance,
    index: u32,
    ipv6: Option<Ipv6Forwarding>,
}

impl LinkPlan {
    /// The length of the IPv4 network's prefix (RFC 3021).
    pub const PREFIX_V4: u8 = 31;
    /// The length of the IPv6 network's prefix (RFC 6164).
    pub const PREFIX_V6: u8 = 127;

    /// The sandbox's index.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// How the host forwards IPv6; `None` where the link carries IPv4 only.
    #[must_use]
    pub fn ipv6(self) -> Option<Ipv6Forwarding> {
        self.ipv6
    }

    /// The name of the host's end; at most 13 of the 15 characters that Linux allows.
    #[must_use]
    pub fn name(self) -> String {
        self.instance.link_name(self.index)
    }

    /// The interface number of the host's end.
    ///
    /// It is the number of the link's IPv4 network, so that no other link has it; that it is
    /// known beforehand lets one batch create the link and set it up. The kernel itself counts
    /// from 1 and does not get that far.
    #[must_use]
    pub fn host_ifindex(self) -> u32 {
        u32::from(self.host_v4()) >> 1
    }

    /// The host's IPv4 address on the link; the sandbox's gateway.
    #[must_use]
    pub fn host_v4(self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.instance.block.network()) | self.index << 1)
    }

    /// The sandbox's IPv4 address.
    #[must_use]
    pub fn sandbox_v4(self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.host_v4()) | 1)
    }

    /// The host's IPv6 address on the link; the sandbox's gateway.
    #[must_use]
    pub fn host_v6(self) -> Ipv6Addr {
        let network = u128::from(self.instance.block.network_v6());
        Ipv6Addr::from(network | u128::from(self.index) << 1)
    }

    /// The sandbox's IPv6 address.
    #[must_use]
    pub fn sandbox_v6(self) -> Ipv6Addr {
        Ipv6Addr::from(u128::from(self.host_v6()) | 1)
    }

    /// The hardware address of the host's end: locally administered, made of the IPv4 address.
    #[must_use]
    pub fn host_mac(self) -> [u8; 6] {
        mac(self.host_v4())
    }

    /// The hardware address of the sandbox's end.
    #[must_use]
    pub fn sandbox_mac(self) -> [u8; 6] {
        mac(self.sandbox_v4())
    }
}

fn mac(address: Ipv4Addr) -> [u8; 6] {
    let [a, b, c, d] = address.octets();
    [0x02, 0x63, a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn plan(index: u32) -> LinkPlan {
        Instance::new(0, None)
            .link(index, Some(Ipv6Forwarding::Global))
            .unwrap()
    }

    #[test]
    fn an_index_has_its_addresses() {
        for (index, host, sandbox, host6, sandbox6) in [
            (
                0,
                "10.201.0.0",
                "10.201.0.1",
                "fd63:746e:ac9::",
                "fd63:746e:ac9::1",
            ),
            (
                1,
                "10.201.0.2",
                "10.201.0.3",
                "fd63:746e:ac9::2",
                "fd63:746e:ac9::3",
            ),
            (
                200,
                "10.201.1.144",
                "10.201.1.145",
                "fd63:746e:ac9::190",
                "fd63:746e:ac9::191",
            ),
            (
                CAPACITY - 1,
                "10.201.255.254",
                "10.201.255.255",
                "fd63:746e:ac9::fffe",
                "fd63:746e:ac9::ffff",
            ),
        ] {
            let plan = plan(index);
            assert_eq!(plan.host_v4().to_string(), host);
            assert_eq!(plan.sandbox_v4().to_string(), sandbox);
            assert_eq!(plan.host_v6().to_string(), host6);
            assert_eq!(plan.sandbox_v6().to_string(), sandbox6);
        }
        assert!(Instance::new(0, None).link(CAPACITY, None).is_err());
    }

    #[test]
    fn no_two_links_share_anything() {
        let (mut names, mut numbers, mut macs) = (HashSet::new(), HashSet::new(), HashSet::new());
        for number in [0, 1, 49] {
            for index in (0..CAPACITY).step_by(97).chain([CAPACITY - 1]) {
                let plan = Instance::new(number, None).link(index, None).unwrap();
                assert!(plan.name().len() <= 15, "{}", plan.name());
                assert!(names.insert(plan.name()));
                assert!(i32::try_from(plan.host_ifindex()).is_ok_and(|index| index > 0));
                assert!(numbers.insert(plan.host_ifindex()));
                assert!(macs.insert(plan.host_mac()) && macs.insert(plan.sandbox_mac()));
            }
        }
    }

    #[test]
    fn a_link_is_known_by_its_name() {
        let (zero, one) = (Instance::new(0, None), Instance::new(1, None));
        assert_eq!(
            zero.index_of(&zero.link(77, None).unwrap().name()),
            Some(77)
        );
        assert_eq!(one.index_of("ctnr1-5"), Some(5));
        for (instance, name) in [
            (zero, "ctnr1-5"),
            (one, "ctnr-5"),
            (zero, "ctnr-"),
            (zero, "ctnr-05"),
            (zero, "ctnr-+5"),
            (zero, "ctnr-32768"),
            (zero, "ctnr-x"),
            (zero, "eth0"),
        ] {
            assert_eq!(instance.index_of(name), None, "{name}");
        }
    }

    #[test]
    fn a_block_is_private_and_of_size_16() {
        for text in [
            "10.201.0.0/16",
            "172.20.0.0/16",
            "192.168.0.0/16",
            "100.64.0.0/16",
        ] {
            assert_eq!(text.parse::<Block>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "10.201.0.0",
            "10.201.0.0/24",
            "10.201.1.0/16",
            "8.8.0.0/16",
            "127.0.0.0/16",
            "a/16",
        ] {
            assert!(text.parse::<Block>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_narrower_networks_conflict() {
        let block: Block = "10.201.0.0/16".parse().unwrap();
        assert!(block.contains(Ipv4Addr::new(10, 201, 7, 0), 24));
        assert!(block.contains(Ipv4Addr::new(10, 201, 0, 0), 16));
        assert!(!block.contains(Ipv4Addr::new(10, 0, 0, 0), 8));
        assert!(!block.contains(Ipv4Addr::new(10, 202, 0, 0), 16));
    }
}
