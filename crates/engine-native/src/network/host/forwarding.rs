//! Which settings of the host forwarding needs.
//!
//! IPv4 is forwarded by the interface that a packet arrives on, so only the uplinks are opened and
//! `net.ipv4.ip_forward` is left alone; a sandbox's own link is opened when it is made. IPv6 is
//! the same from Linux 6.17 on (`force_forwarding`). Before, it is forwarded by the whole host or
//! not at all, and a host that forwards ignores router advertisements unless told otherwise, so it
//! is told otherwise first: it would lose its own default route.

use std::path::Path;

use super::{Change, Ipv6Forwarding, NetworkError, Routes, Sysctls};

/// What has to be changed on the host.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Forwarding {
    /// The changes, in the order in which they have to be made.
    pub(super) changes: Vec<Change>,
    /// How IPv6 is forwarded, where the host has a way out by it.
    pub(super) ipv6: Option<Ipv6Forwarding>,
    /// The interfaces by which packets leave.
    pub(super) uplinks: Uplinks,
}

/// The interfaces by which packets leave the host, for each family.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Uplinks {
    pub(super) v4: Vec<String>,
    pub(super) v6: Vec<String>,
}

impl Forwarding {
    pub(super) fn plan(sysctls: &Sysctls, routes: &Routes) -> Result<Self, NetworkError> {
        let uplinks = Uplinks {
            v4: routes.uplinks_v4(is_bridge),
            v6: routes.uplinks_v6(is_bridge),
        };
        Self::through(sysctls, uplinks)
    }

    fn through(sysctls: &Sysctls, uplinks: Uplinks) -> Result<Self, NetworkError> {
        let mut changes = Vec::new();
        for interface in &uplinks.v4 {
            let path = format!("ipv4/conf/{interface}/forwarding");
            changes.extend(open(sysctls, path, interface)?);
        }
        let ipv6 = Self::plan_v6(sysctls, &uplinks.v6, &mut changes)?;
        Ok(Self {
            changes,
            ipv6,
            uplinks,
        })
    }

    fn plan_v6(
        sysctls: &Sysctls,
        uplinks: &[String],
        changes: &mut Vec<Change>,
    ) -> Result<Option<Ipv6Forwarding>, NetworkError> {
        const ALL: &str = "ipv6/conf/all/forwarding";
        // New links take the default; where that is off they can't have an address.
        let disabled = sysctls
            .get("ipv6/conf/default/disable_ipv6")?
            .is_none_or(|value| value != "0");
        if uplinks.is_empty() || disabled {
            return Ok(None);
        }
        if sysctls.get(ALL)?.as_deref() == Some("1") {
            return Ok(Some(Ipv6Forwarding::Global));
        }
        if sysctls.get("ipv6/conf/all/force_forwarding")?.is_some() {
            for interface in uplinks {
                let path = format!("ipv6/conf/{interface}/force_forwarding");
                changes.extend(open(sysctls, path, interface)?);
            }
            return Ok(Some(Ipv6Forwarding::PerLink));
        }
        for interface in sysctls.names("ipv6/conf") {
            let forwarding = format!("ipv6/conf/{interface}/forwarding");
            let accept = format!("ipv6/conf/{interface}/accept_ra");
            if matches!(interface.as_str(), "all" | "default" | "lo")
                || interface.starts_with("ctnr")
            {
                continue;
            }
            match sysctls.get(&forwarding)?.as_deref() {
                Some("0") if sysctls.get(&accept)?.as_deref() == Some("1") => {
                    let written = Some("2".to_owned());
                    changes.push(Change {
                        path: accept,
                        original: "1".to_owned(),
                        written,
                        opened: None,
                    });
                }
                // Putting `all` back to 0 takes this one along.
                Some("1") => {
                    changes.push(Change {
                        path: forwarding,
                        original: "1".to_owned(),
                        written: None,
                        opened: None,
                    });
                }
                _ => {}
            }
        }
        let opened = uplinks.first().cloned();
        let written = Some("1".to_owned());
        changes.push(Change {
            path: ALL.to_owned(),
            original: "0".to_owned(),
            written,
            opened,
        });
        Ok(Some(Ipv6Forwarding::Global))
    }
}

/// The change that lets packets which arrive on an interface be forwarded, if they aren't.
fn open(sysctls: &Sysctls, path: String, interface: &str) -> Result<Option<Change>, NetworkError> {
    Ok(sysctls
        .get(&path)?
        .filter(|value| value != "1")
        .map(|original| Change {
            path,
            original,
            written: Some("1".to_owned()),
            opened: Some(interface.to_owned()),
        }))
}

fn is_bridge(interface: &str) -> bool {
    // sysfs shows the namespace it was mounted in, which is the host's.
    Path::new("/sys/class/net")
        .join(interface)
        .join("bridge")
        .exists()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn host(settings: &[(&str, &str)]) -> (tempfile::TempDir, Sysctls) {
        let root = tempfile::tempdir().unwrap();
        for (path, value) in settings {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, value).unwrap();
        }
        let sysctls = Sysctls::below(root.path().to_owned());
        (root, sysctls)
    }

    fn uplinks() -> Uplinks {
        Uplinks {
            v4: vec!["eth0".to_owned()],
            v6: vec!["eth0".to_owned()],
        }
    }

    /// A host before Linux 6.17, with an interface that gets its route by advertisement and one
    /// that forwards already.
    const OLD: &[(&str, &str)] = &[
        ("ipv4/ip_forward", "0"),
        ("ipv4/conf/eth0/forwarding", "0"),
        ("ipv6/conf/all/forwarding", "0"),
        ("ipv6/conf/default/disable_ipv6", "0"),
        ("ipv6/conf/eth0/forwarding", "0"),
        ("ipv6/conf/eth0/accept_ra", "1"),
        ("ipv6/conf/br0/forwarding", "1"),
        ("ipv6/conf/br0/accept_ra", "1"),
    ];

    #[test]
    fn a_host_keeps_its_advertised_route_and_gets_all_back() {
        let (_root, sysctls) = host(OLD);
        let plan = Forwarding::through(&sysctls, uplinks()).unwrap();
        assert_eq!(plan.ipv6, Some(Ipv6Forwarding::Global));
        sysctls.apply(&plan.changes).unwrap();
        let value = |path: &str| sysctls.get(path).unwrap().unwrap();
        assert_eq!(value("ipv6/conf/eth0/accept_ra"), "2");
        assert_eq!(value("ipv6/conf/br0/accept_ra"), "1");
        assert_eq!(value("ipv6/conf/all/forwarding"), "1");
        assert_eq!(value("ipv4/conf/eth0/forwarding"), "1");
        assert_eq!(value("ipv4/ip_forward"), "0");
        // What the kernel does to all interfaces when `all` is put back.
        fs::write(_root.path().join("ipv6/conf/br0/forwarding"), "0").unwrap();
        sysctls.put_back(&plan.changes).unwrap();
        for (path, original) in OLD {
            assert_eq!(value(path), *original, "{path}");
        }
    }

    #[test]
    fn linux_6_17_needs_the_uplinks_only() {
        let mut settings = OLD.to_vec();
        settings.push(("ipv6/conf/all/force_forwarding", "0"));
        settings.push(("ipv6/conf/eth0/force_forwarding", "0"));
        let (_root, sysctls) = host(&settings);
        let plan = Forwarding::through(&sysctls, uplinks()).unwrap();
        assert_eq!(plan.ipv6, Some(Ipv6Forwarding::PerLink));
        let paths: Vec<_> = plan
            .changes
            .iter()
            .map(|change| change.path.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "ipv4/conf/eth0/forwarding",
                "ipv6/conf/eth0/force_forwarding"
            ]
        );
    }

    #[test]
    fn what_forwards_already_is_left_alone() {
        let (_root, sysctls) = host(&[
            ("ipv4/conf/eth0/forwarding", "1"),
            ("ipv6/conf/all/forwarding", "1"),
            ("ipv6/conf/default/disable_ipv6", "0"),
        ]);
        let plan = Forwarding::through(&sysctls, uplinks()).unwrap();
        assert_eq!(plan.changes, []);
        assert_eq!(plan.ipv6, Some(Ipv6Forwarding::Global));
    }

    #[test]
    fn without_ipv6_there_is_none() {
        let (_root, sysctls) = host(&[("ipv4/conf/eth0/forwarding", "1")]);
        assert_eq!(Forwarding::through(&sysctls, uplinks()).unwrap().ipv6, None);
        let (_root, sysctls) = host(OLD);
        let v4_only = Uplinks {
            v6: Vec::new(),
            ..uplinks()
        };
        assert_eq!(Forwarding::through(&sysctls, v4_only).unwrap().ipv6, None);
    }

    #[test]
    fn what_somebody_else_needs_is_not_put_back() {
        let (root, sysctls) = host(OLD);
        let plan = Forwarding::through(&sysctls, uplinks()).unwrap();
        sysctls.apply(&plan.changes).unwrap();
        // Docker starts and turns forwarding on for the whole host.
        fs::write(root.path().join("ipv4/ip_forward"), "1").unwrap();
        sysctls.put_back(&plan.changes).unwrap();
        assert_eq!(
            sysctls.get("ipv4/conf/eth0/forwarding").unwrap().as_deref(),
            Some("1")
        );
    }
}
