//! `/etc/resolv.conf` and `/etc/hosts` for the inside of a sandbox.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// Where systemd-resolved writes the servers that it asks itself.
const RESOLVED: &str = "/run/systemd/resolve/resolv.conf";
/// The servers named when the host's can't be reached from a sandbox; Docker's choice as well.
const FALLBACK: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)),
    IpAddr::V4(Ipv4Addr::new(8, 8, 4, 4)),
];
/// How many servers programs read (`resolv.conf(5)`).
const MOST: usize = 3;

/// The text of a sandbox's `/etc/resolv.conf`, made from the host's.
///
/// `ipv6` says whether the sandbox has IPv6 egress. A host that has no such file, or that can't
/// be read, is one without a name server of its own.
#[must_use]
pub fn resolv_conf(ipv6: bool) -> String {
    let read = |path: &str| std::fs::read_to_string(Path::new(path)).unwrap_or_default();
    translate(&read("/etc/resolv.conf"), || read(RESOLVED), ipv6)
}

/// Keeps of the host's file what works inside: servers on loopback don't, since a sandbox has a
/// loopback of its own. Where none other is named, the host runs a resolver itself, and the
/// servers are in `resolved`, systemd-resolved's own list; if not there either, [`FALLBACK`].
#[must_use]
pub fn translate(host: &str, resolved: impl FnOnce() -> String, ipv6: bool) -> String {
    let mut source = host.to_owned();
    let mut servers = reachable(host, ipv6);
    if servers.is_empty() {
        source = resolved();
        servers = reachable(&source, ipv6);
    }
    if servers.is_empty() {
        host.clone_into(&mut source);
        servers = FALLBACK.to_vec();
    }
    let mut text = String::new();
    for server in servers.iter().take(MOST) {
        // Writing to a `String` can't fail.
        let _ = writeln!(text, "nameserver {server}");
    }
    for line in source.lines().map(str::trim) {
        let keyword = line.split_ascii_whitespace().next().unwrap_or_default();
        // The root as search domain is what systemd writes for none, and musl trips over it.
        if matches!(keyword, "search" | "domain" | "options") && line != "search ." {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

/// The text of a sandbox's `/etc/hosts`: itself by name, at the address its neighbours would use.
#[must_use]
pub fn hosts(hostname: &str, address: Option<IpAddr>) -> String {
    let own = address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    format!(
        "127.0.0.1\tlocalhost\n\
         ::1\tlocalhost ip6-localhost ip6-loopback\n\
         fe00::0\tip6-localnet\n\
         ff00::0\tip6-mcastprefix\n\
         ff02::1\tip6-allnodes\n\
         ff02::2\tip6-allrouters\n\
         {own}\t{hostname}\n"
    )
}

/// The servers that a sandbox can reach.
fn reachable(text: &str, ipv6: bool) -> Vec<IpAddr> {
    let servers = text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        if words.next() != Some("nameserver") {
            return None;
        }
        words.next()?.parse().ok()
    });
    servers
        .filter(|server| is_reachable(*server, ipv6))
        .collect()
}

fn is_reachable(server: IpAddr, ipv6: bool) -> bool {
    match server {
        // 169.254.0.0/16 holds clouds' metadata, which is closed.
        IpAddr::V4(server) => {
            !server.is_loopback() && !server.is_unspecified() && !server.is_link_local()
        }
        // A link-local server needs the host's interface, and its `%eth0` does not parse.
        IpAddr::V6(server) => {
            ipv6 && server != Ipv6Addr::LOCALHOST
                && !server.is_unspecified()
                && !server.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_works_inside_is_kept() {
        for (host, resolved, ipv6, expected) in [
            (
                "nameserver 10.0.0.1\nsearch lan\n",
                "",
                true,
                "nameserver 10.0.0.1\nsearch lan\n",
            ),
            (
                "# stub\nnameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n",
                "nameserver 192.168.1.1\nsearch home\n",
                true,
                "nameserver 192.168.1.1\nsearch home\n",
            ),
            (
                "nameserver ::1\nnameserver 127.0.0.1\nnameserver 9.9.9.9\n",
                "nameserver 1.2.3.4\n",
                true,
                "nameserver 9.9.9.9\n",
            ),
            (
                "nameserver 127.0.0.1\noptions ndots:2\n",
                "",
                true,
                "nameserver 8.8.8.8\nnameserver 8.8.4.4\noptions ndots:2\n",
            ),
            ("", "", true, "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"),
            (
                "nameserver 2620:fe::fe\nnameserver 10.0.0.1\n",
                "",
                false,
                "nameserver 10.0.0.1\n",
            ),
            (
                "nameserver 2620:fe::fe\n",
                "",
                true,
                "nameserver 2620:fe::fe\n",
            ),
            (
                "nameserver fe80::1%eth0\nnameserver 169.254.169.253\nnameserver 10.0.0.1\n",
                "",
                true,
                "nameserver 10.0.0.1\n",
            ),
            (
                "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n",
                "",
                true,
                "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n",
            ),
            (
                "nameserver\nnameserver x\nnonsense\n",
                "",
                true,
                "nameserver 8.8.8.8\nnameserver 8.8.4.4\n",
            ),
        ] {
            assert_eq!(
                translate(host, || resolved.to_owned(), ipv6),
                expected,
                "{host}"
            );
        }
    }

    #[test]
    fn a_sandbox_knows_its_own_name() {
        let text = hosts("web", Some("10.201.0.1".parse().unwrap()));
        assert!(text.contains("\n10.201.0.1\tweb\n"));
        assert!(hosts("web", None).contains("\n127.0.0.1\tweb\n"));
    }
}
