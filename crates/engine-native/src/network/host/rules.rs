//! The text of the nft table. Pure.
//!
//! The rules know links by the beginning of their name and sources by the block, so nothing has to
//! be told to nft when a sandbox comes or goes.

use crate::network::plan::Instance;

/// Addresses at which clouds hand out credentials of the machine, besides the link-local ones.
const METADATA_V4: &str = "169.254.0.0/16, 100.100.100.200, 192.0.0.192";
const METADATA_V6: &str = "fe80::/10, fd00:ec2::254, fd20:ce::254";
/// Azure's, whose address answers DNS as well; so only these ports of it are closed.
const AZURE: &str = "ip daddr 168.63.129.16 tcp dport { 80, 32526 }";

/// How many connections of one sandbox the host tracks at once, so that one sandbox can't fill
/// the host's table (65,536 on small machines) and cut off everybody else.
const CONNECTIONS: u32 = 8192;

/// What the table is made of.
pub(super) struct Rules<'a> {
    pub(super) instance: Instance,
    /// The mark of the engine that the table belongs to.
    pub(super) owner: &'a str,
}

impl Rules<'_> {
    /// A name that tells whose rules these are and changes with what they say.
    pub(super) fn mark(&self) -> String {
        format!("{}{:016x}", owner_prefix(self.owner), hash(&self.chains()))
    }

    /// The table's sets and chains, as nft reads them.
    pub(super) fn chains(&self) -> String {
        let links = self.instance.link_prefix() + "*";
        let v4 = self.instance.block();
        let v6 = format!("{}/48", v4.network_v6());
        format!(
            "\
\tset connections4 {{
\t\ttype ipv4_addr
\t\tsize 65536
\t\tflags dynamic
\t}}
\tset connections6 {{
\t\ttype ipv6_addr
\t\tsize 65536
\t\tflags dynamic
\t}}
\tchain arriving {{
\t\ttype filter hook prerouting priority mangle; policy accept;
\t\tiifname != \"{links}\" accept
\t\tfib saddr . iif oif missing drop
\t\tct state invalid drop
\t\tip daddr {{ {METADATA_V4} }} reject
\t\tip6 daddr {{ {METADATA_V6} }} reject
\t\t{AZURE} reject
\t\tfib daddr type local ct state new reject
\t}}
\tchain to_host {{
\t\ttype filter hook input priority filter; policy accept;
\t\tiifname != \"{links}\" accept
\t\tct state established accept
\t\tct state related meta l4proto {{ icmp, icmpv6 }} accept
\t\tdrop
\t}}
\tchain forwarded {{
\t\ttype filter hook forward priority filter; policy accept;
\t\tiifname \"{links}\" oifname \"ctnr*\" reject
\t\tiifname \"{links}\" ct state new add @connections4 {{ ip saddr ct count over {CONNECTIONS} }} drop
\t\tiifname \"{links}\" ct state new add @connections6 {{ ip6 saddr ct count over {CONNECTIONS} }} drop
\t\toifname \"{links}\" ct state {{ established, related }} accept
\t\toifname \"{links}\" drop
\t}}
\tchain leaving {{
\t\ttype nat hook postrouting priority srcnat; policy accept;
\t\tip saddr {v4} oifname != \"ctnr*\" masquerade
\t\tip6 saddr {v6} oifname != \"ctnr*\" masquerade
\t}}
"
        )
    }
}

/// FNV-1a: it has to be the same in the next version of the standard library.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What the names of all marks of an engine begin with.
pub(super) fn owner_prefix(owner: &str) -> String {
    format!("owner_{owner}_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(number: u8, owner: &str) -> (String, String) {
        let rules = Rules {
            instance: Instance::new(number, None),
            owner,
        };
        (rules.mark(), rules.chains())
    }

    #[test]
    fn an_instance_only_treats_its_own_links() {
        let (_, text) = rules(1, "00ff");
        assert!(text.contains("iifname != \"ctnr1-*\" accept"));
        assert!(text.contains("ip saddr 10.202.0.0/16 oifname"));
        assert!(text.contains("ip6 saddr fd63:746e:aca::/48 oifname"));
        assert!(!text.contains("\"ctnr-*\""));
    }

    #[test]
    fn the_mark_changes_with_the_rules_and_their_owner() {
        let (mark, _) = rules(0, "00ff");
        assert!(mark.starts_with(&owner_prefix("00ff")));
        assert_eq!(mark, rules(0, "00ff").0);
        assert_ne!(mark, rules(1, "00ff").0);
        assert_ne!(mark, rules(0, "00fe").0);
    }
}
