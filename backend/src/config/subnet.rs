//! The network that sandboxes get their addresses from.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ctnr_model::Invalid;

/// A private IPv4 network of size 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnet(Ipv4Addr);

impl Subnet {
    /// The network's first address.
    pub fn address(self) -> Ipv4Addr {
        self.0
    }
}

impl FromStr for Subnet {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |expected: &str| Invalid::new("subnet", text, expected);
        let address: Ipv4Addr = text
            .strip_suffix("/16")
            .and_then(|address| address.parse().ok())
            .ok_or_else(|| invalid("expected an IPv4 network with the prefix /16"))?;
        if address.octets()[2..] != [0, 0] {
            return Err(invalid("expected the network's first address"));
        }
        // A public network would take its addresses away from the sandboxes and the host.
        let shared = address.octets()[0] == 100 && (64..128).contains(&address.octets()[1]);
        if !address.is_private() && !shared {
            return Err(invalid("expected a private network"));
        }
        Ok(Self(address))
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/16", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_private_networks_only() {
        for good in ["10.201.0.0/16", "192.168.0.0/16", "100.64.0.0/16"] {
            assert_eq!(good.parse::<Subnet>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "10.0.0.0",
            "10.0.0.1/16",
            "8.8.0.0/16",
            "10.0.0.0/8",
            "127.0.0.0/8",
            "::/64",
            "10.0.0.0/-1",
        ] {
            assert!(bad.parse::<Subnet>().is_err(), "{bad}");
        }
    }
}
