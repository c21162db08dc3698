//! The host's rules and settings: what is set, and that it is put back.

use std::fs;

use super::world::{
    INTERNET_V4, INTERNET_V6, Namespace, World, ask, connect_uplink, enter_new, output, serve,
};
use crate::network::{HostNetwork, Instance, NetworkError};

/// Everything of the host that may be changed: rules and settings.
fn state() -> String {
    let mut state = output("nft", &["-s", "list", "ruleset"]);
    for family in ["ipv4", "ipv6"] {
        for interface in ["all", "default", "up0"] {
            for setting in ["forwarding", "force_forwarding", "accept_ra", "rp_filter"] {
                let path = format!("/proc/sys/net/{family}/conf/{interface}/{setting}");
                state += &format!("{path} {}", fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }
    state
}

fn host() -> (Namespace, tempfile::TempDir) {
    enter_new();
    let internet = Namespace::new();
    connect_uplink(&internet);
    (internet, tempfile::tempdir().unwrap())
}

#[test]
fn all_is_put_back() {
    let (_internet, directory) = host();
    let before = state();
    let network = HostNetwork::new(directory.path().join("network.json"), None);
    network.remove().unwrap();
    let egress = network.ensure().unwrap();
    let during = state();
    assert_ne!(during, before);
    assert_eq!(network.ensure().unwrap(), egress);
    assert_eq!(state(), during);
    assert_eq!(network.instance().unwrap(), Some(egress.instance));
    network.remove().unwrap();
    assert_eq!(state(), before);
    // The next time, names and addresses are the same.
    assert_eq!(network.ensure().unwrap(), egress);
    network.remove().unwrap();
    assert_eq!(state(), before);
}

#[test]
fn a_crash_in_between_loses_no_original() {
    let (_internet, directory) = host();
    let before = state();
    let record = directory.path().join("network.json");
    let network = HostNetwork::new(record.clone(), None);
    network.ensure().unwrap();
    // Died after the record was written and one setting was changed, before the table was there.
    output("nft", &["delete", "table", "inet", "ctnr"]);
    fs::write("/proc/sys/net/ipv6/conf/up0/force_forwarding", "0").unwrap();
    network.ensure().unwrap();
    network.remove().unwrap();
    assert_eq!(state(), before);
    // Died in the middle of removing: the settings are back, the table is still there.
    network.ensure().unwrap();
    fs::write("/proc/sys/net/ipv4/conf/up0/forwarding", "0").unwrap();
    network.remove().unwrap();
    assert_eq!(state(), before);
}

#[test]
fn two_engines_live_side_by_side() {
    let (_internet, directory) = host();
    let before = state();
    let networks: Vec<_> = (0..3)
        .map(|number| HostNetwork::new(directory.path().join(format!("{number}.json")), None))
        .collect();
    // At the same time, each in this host's namespace.
    let here = fs::File::open("/proc/thread-self/ns/net").unwrap();
    let mut instances: Vec<Instance> = std::thread::scope(|scope| {
        let threads: Vec<_> = networks
            .iter()
            .map(|network| {
                let here = &here;
                scope.spawn(move || {
                    use std::os::fd::AsFd;
                    crate::network::within(here.as_fd(), || network.ensure().unwrap().instance)
                        .unwrap()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    instances.sort_unstable_by_key(|instance| instance.number());
    let numbers: Vec<_> = instances.iter().map(|instance| instance.number()).collect();
    assert_eq!(numbers, [0, 1, 2]);
    for network in &networks {
        network.remove().unwrap();
    }
    assert_eq!(
        state().replace("forwarding 1", "forwarding 0"),
        before.replace("forwarding 1", "forwarding 0")
    );
    assert!(!state().contains("ctnr"));
}

#[test]
fn a_dead_engines_share_is_taken_over() {
    let (_internet, directory) = host();
    let path = |name: &str| directory.path().join(name);
    let number = |network: &HostNetwork| network.ensure().unwrap().instance.number();
    let first = HostNetwork::new(path("first"), None);
    assert_eq!(number(&first), 0);
    // One that is alive keeps its share,
    let second = HostNetwork::new(path("second"), None);
    assert_eq!(number(&second), 1);
    // and so does one that is dead and has a sandbox left,
    let plan = first.ensure().unwrap().link(1).unwrap();
    let sandbox = Namespace::new_raw();
    crate::network::attach(sandbox.fd(), &plan).unwrap();
    drop(first);
    let third = HostNetwork::new(path("third"), None);
    assert_eq!(number(&third), 2);
    // but not one that has none.
    drop((sandbox, second));
    let sandbox_gone = || !output("ip", &["-o", "link"]).contains("ctnr-1");
    super::world::eventually("the link is left", sandbox_gone);
    fs::remove_file(path("second")).unwrap();
    let fourth = HostNetwork::new(path("fourth"), None);
    assert_eq!(number(&fourth), 0);
    assert_eq!(number(&HostNetwork::new(path("fifth"), None)), 1);
    // The first comes back, and finds that it has lost its share.
    assert_eq!(number(&HostNetwork::new(path("first"), None)), 1);
}

#[test]
fn a_block_in_use_is_not_taken() {
    let (_internet, directory) = host();
    super::world::ip("addr add 10.201.44.1/24 dev up0");
    let record = directory.path().join("network.json");
    let free = HostNetwork::new(record.clone(), None).ensure().unwrap();
    assert_eq!(free.instance.block().to_string(), "10.202.0.0/16");
    HostNetwork::new(record.clone(), None).remove().unwrap();
    let chosen = HostNetwork::new(record.clone(), Some("10.201.0.0/16".parse().unwrap()));
    let error = chosen.ensure().unwrap_err();
    assert!(matches!(error, NetworkError::NoFreeBlock { .. }));
    assert!(
        error.to_string().contains("10.201.44.0/24 on up0"),
        "{error}"
    );
}

#[test]
fn sandboxes_get_out_beside_docker() {
    let world = World::new();
    world.internet.run(|| {
        serve(INTERNET_V4, 80);
        serve(INTERNET_V6, 80);
    });
    let (sandbox, _) = world.sandbox(1);
    for program in [
        "iptables-nft",
        "ip6tables-nft",
        "iptables-legacy",
        "ip6tables-legacy",
    ] {
        let v6 = program.starts_with("ip6");
        let works = || {
            sandbox
                .run(|| ask(if v6 { INTERNET_V6 } else { INTERNET_V4 }, 80))
                .is_ok()
        };
        // With Docker's chains, then without, as ufw leaves it.
        for docker in [true, false] {
            let run = |arguments: &str| output(program, &arguments.split(' ').collect::<Vec<_>>());
            run("-P FORWARD DROP");
            if docker {
                run("-N DOCKER-USER");
                run("-A DOCKER-USER -j RETURN");
                run("-I FORWARD -j DOCKER-USER");
            }
            let before = run("-S");
            assert!(!works(), "{program}");
            world.network.ensure().unwrap();
            assert!(works(), "{program} {before}");
            let during = run("-S");
            world.network.ensure().unwrap();
            assert_eq!(run("-S"), during);
            world.network.remove().unwrap();
            assert_eq!(run("-S"), before);
            run("-P FORWARD ACCEPT");
            run("-F");
            run("-X");
            world.network.ensure().unwrap();
        }
    }
    assert!(world.record().exists());
}
