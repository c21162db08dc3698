//! The host's routes: where sandboxes' packets can leave, and which networks are in use.

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

use crate::network::NetworkError;
use crate::network::plan::Block;

/// The host's main routing tables, without the links of sandboxes and without `lo`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Routes {
    v4: Vec<Route>,
    v6: Vec<Route>,
}

#[derive(Debug, PartialEq, Eq)]
struct Route {
    network: Ipv4Addr,
    prefix: u8,
    interface: String,
}

/// `RTF_UP`.
const UP: u32 = 0x1;
/// `RTF_REJECT`.
const REJECT: u32 = 0x200;

impl Routes {
    pub(super) fn read() -> Result<Self, NetworkError> {
        // `/proc/net` is the first thread's, which may be in another namespace.
        let v4 = read(Path::new("/proc/thread-self/net/route"))?;
        let v6 = read(Path::new("/proc/thread-self/net/ipv6_route"))?;
        Ok(Self {
            v4: v4.lines().filter_map(route_v4).collect(),
            v6: v6.lines().filter_map(route_v6).collect(),
        })
    }

    /// The interfaces by which IPv4 leaves the host: all that have a route, except for bridges
    /// that serve machines on this host (Docker's, libvirt's).
    pub(super) fn uplinks_v4(&self, is_bridge: impl Fn(&str) -> bool) -> Vec<String> {
        uplinks(&self.v4, is_bridge)
    }

    /// The interfaces by which IPv6 leaves the host; none unless the host has a default route.
    pub(super) fn uplinks_v6(&self, is_bridge: impl Fn(&str) -> bool) -> Vec<String> {
        if self.v6.iter().any(|route| route.prefix == 0) {
            uplinks(&self.v6, is_bridge)
        } else {
            Vec::new()
        }
    }

    /// A route into a block, in words.
    pub(super) fn conflict(&self, block: Block) -> Option<String> {
        let route = self
            .v4
            .iter()
            .find(|route| block.contains(route.network, route.prefix))?;
        Some(format!(
            "the network {}/{} on {}",
            route.network, route.prefix, route.interface
        ))
    }
}

fn uplinks(routes: &[Route], is_bridge: impl Fn(&str) -> bool) -> Vec<String> {
    let names: BTreeSet<_> = routes
        .iter()
        .filter(|route| route.prefix == 0 || !is_bridge(&route.interface))
        .map(|route| route.interface.clone())
        .collect();
    names.into_iter().collect()
}

fn read(path: &Path) -> Result<String, NetworkError> {
    match fs::read_to_string(path) {
        // A kernel without IPv6 has no such file.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        result => result.map_err(|source| NetworkError::File {
            what: "reading",
            path: path.to_owned(),
            source,
        }),
    }
}

/// Reads `Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT`, with addresses
/// as hexadecimal numbers in the host's byte order.
fn route_v4(line: &str) -> Option<Route> {
    let fields: Vec<_> = line.split_ascii_whitespace().collect();
    let address = |at: usize| {
        let number = u32::from_str_radix(fields.get(at)?, 16).ok()?;
        Some(Ipv4Addr::from(number.to_ne_bytes()))
    };
    let flags = u32::from_str_radix(fields.get(3)?, 16).ok()?;
    let prefix = u32::from(address(7)?).leading_ones();
    accept(
        fields.first()?,
        flags,
        address(1)?,
        u8::try_from(prefix).ok()?,
    )
}

/// Reads `destination prefix source prefix gateway metric references use flags interface`.
fn route_v6(line: &str) -> Option<Route> {
    let fields: Vec<_> = line.split_ascii_whitespace().collect();
    let destination = fields.first()?;
    // Multicast and link-local routes lead nowhere, and every interface has them.
    if destination.starts_with("ff") || destination.starts_with("fe8") {
        return None;
    }
    let prefix = u8::from_str_radix(fields.get(1)?, 16).ok()?;
    let flags = u32::from_str_radix(fields.get(8)?, 16).ok()?;
    accept(fields.get(9)?, flags, Ipv4Addr::UNSPECIFIED, prefix)
}

fn accept(interface: &str, flags: u32, network: Ipv4Addr, prefix: u8) -> Option<Route> {
    let usable = flags & UP != 0 && flags & REJECT == 0;
    // All engines' links begin with this; and a name that could not be written into a rule is
    // not worth the escaping, since nobody has one.
    let named = interface != "lo"
        && !interface.starts_with("ctnr")
        && interface
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.:@-".contains(&byte));
    (usable && named).then(|| Route {
        network,
        prefix,
        interface: interface.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let v4 = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
            eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
            eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n\
            docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n\
            tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n\
            ctnr-7\t0E00C90A\t00000000\t0001\t0\t0\t0\tFEFFFFFF\t0\t0\t0\n\
            a\"b\t00000000\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n";
        let v6 = "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n\
            fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     docker0\n\
            00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n\
            00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";
        Routes {
            v4: v4.lines().filter_map(route_v4).collect(),
            v6: v6.lines().filter_map(route_v6).collect(),
        }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn uplinks_are_found() {
        let bridge = |name: &str| name == "docker0";
        assert_eq!(routes().uplinks_v4(bridge), ["eth0", "tun0"]);
        assert_eq!(routes().uplinks_v6(bridge), ["eth0"]);
        let mut without_default = routes();
        without_default.v6.retain(|route| route.prefix != 0);
        assert!(without_default.uplinks_v6(bridge).is_empty());
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn networks_in_use_are_found() {
        assert_eq!(
            routes().conflict("172.17.0.0/16".parse().unwrap()).unwrap(),
            "the network 172.17.0.0/16 on docker0"
        );
        assert_eq!(routes().conflict("10.201.0.0/16".parse().unwrap()), None);
    }

    #[test]
    fn the_host_has_readable_routes() {
        Routes::read().unwrap();
    }
}
