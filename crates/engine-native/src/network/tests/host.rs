//! The host's rules and settings: what is set, and that it is put back.

use std::fs;

use super::world::{
    Host, INTERNET_V4, INTERNET_V6, Namespace, World, ask, output, registers, serve,
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

#[test]
fn all_is_put_back() {
    let host = Host::new();
    let before = state();
    let network = host.engine("network.json");
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
    let host = Host::new();
    let before = state();
    let network = host.engine("network.json");
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
    let host = Host::new();
    let before = state();
    let networks: Vec<_> = (0..3)
        .map(|number| host.engine(&format!("{number}.json")))
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
    for (number, network) in networks.iter().enumerate() {
        let forwarding = fs::read_to_string("/proc/sys/net/ipv4/conf/up0/forwarding").unwrap();
        assert_eq!(forwarding, "1\n", "{number} engines are gone");
        network.remove().unwrap();
    }
    assert_eq!(state(), before);
}

/// What the engines share on the host, the guard between its own interfaces among it, stays as long
/// as one of them needs it, whichever made it.
#[test]
fn the_last_engine_puts_the_settings_back() {
    let host = Host::new();
    let before = state();
    let [first, second] = ["first", "second"].map(|name| host.engine(name));
    first.ensure().unwrap();
    let opened = || {
        let rules = output("nft", &["list", "ruleset"]);
        let guard = rules.contains("table inet ctnr_guard");
        let forwarding = fs::read_to_string("/proc/sys/net/ipv4/conf/up0/forwarding").unwrap();
        assert_eq!(guard, forwarding == "1\n", "{rules}");
        guard
    };
    assert!(opened());
    second.ensure().unwrap();
    first.remove().unwrap();
    assert!(opened(), "the second needs it");
    first.ensure().unwrap();
    second.remove().unwrap();
    assert!(opened(), "the first needs it again");
    first.remove().unwrap();
    assert_eq!(state(), before);
    assert_eq!(registers(), Vec::<std::path::PathBuf>::new());
}

/// An engine that was killed and whose data directory is gone can't put anything back: the next
/// one does, at its start or at its end.
#[test]
fn an_engine_that_is_gone_for_good_is_cleaned_up_after() {
    let host = Host::new();
    let before = state();
    let engine = |name| host.engine(name);
    for firewall in [false, true] {
        if firewall {
            output("iptables-nft", &["-P", "FORWARD", "DROP"]);
        }
        let before = state();
        let gone = engine("gone");
        gone.ensure().unwrap();
        drop(gone);
        fs::remove_file(host.path("gone")).unwrap();
        assert_ne!(state(), before);
        // One that has had nothing to do with the host so far.
        engine("next").remove().unwrap();
        assert_eq!(state(), before);
    }
    output("iptables-nft", &["-P", "FORWARD", "ACCEPT"]);
    output("nft", &["delete", "table", "ip", "filter"]);
    assert_eq!(state(), before);
    // One that was there already.
    let other = engine("other");
    other.ensure().unwrap();
    let gone = engine("gone");
    gone.ensure().unwrap();
    let plan = gone.ensure().unwrap().link(1).unwrap();
    let sandbox = Namespace::new_raw();
    crate::network::attach(sandbox.fd(), &plan).unwrap();
    drop(gone);
    other.remove().unwrap();
    assert!(state().contains("inet ctnr1"), "its sandbox still runs");
    drop(sandbox);
    super::world::eventually("the link is left", || {
        !output("ip", &["-o", "link"]).contains("ctnr1-")
    });
    other.remove().unwrap();
    assert_eq!(state(), before);
    assert_eq!(registers(), Vec::<std::path::PathBuf>::new());
}

/// A sandbox that is being started by a killed engine has no link so far, and will have one.
#[test]
fn a_starting_sandbox_of_a_killed_engine_keeps_its_rules() {
    let host = Host::new();
    let before = state();
    let presence = host.path("presence");
    let held = fs::File::create(&presence).unwrap();
    rustix::fs::flock(&held, rustix::fs::FlockOperation::LockShared).unwrap();
    let killed = host.engine("killed").kept_by(presence);
    killed.ensure().unwrap();
    drop(killed);
    let next = host.engine("next");
    next.ensure().unwrap();
    assert!(state().contains("table inet ctnr {"));
    drop(held);
    next.remove().unwrap();
    assert_eq!(state(), before);
}

/// Died between any two writes: whoever comes next, all is as it was in the end.
#[test]
fn a_kill_at_any_step_is_made_good() {
    let host = Host::new();
    let before = state();
    let engine = |name| host.engine(name);
    let undo: [&dyn Fn(); 4] = [
        // Nothing but the register was written.
        &|| {
            output("nft", &["flush", "ruleset"]);
            for setting in ["ipv4/conf/up0/forwarding", "ipv6/conf/up0/force_forwarding"] {
                fs::write(format!("/proc/sys/net/{setting}"), "0").unwrap();
            }
        },
        // The guard was there, the table not.
        &|| drop(output("nft", &["delete", "table", "inet", "ctnr"])),
        // The settings were back, the guard still there.
        &|| fs::write("/proc/sys/net/ipv4/conf/up0/forwarding", "0").unwrap(),
        // In the middle of writing the register.
        &|| {
            for register in registers() {
                fs::write(register.with_extension("tmp"), "{").unwrap();
            }
        },
    ];
    for (step, undo) in undo.iter().enumerate() {
        for next in ["same", "another"] {
            let killed = engine("same");
            killed.ensure().unwrap();
            undo();
            drop(killed);
            let next = engine(next);
            if step % 2 == 0 {
                next.ensure().unwrap();
            }
            next.remove().unwrap();
            assert_eq!(state(), before, "step {step}");
            assert_eq!(registers(), Vec::<std::path::PathBuf>::new(), "step {step}");
        }
    }
}

#[test]
fn a_dead_engines_share_is_taken_over() {
    let host = Host::new();
    let number = |network: &HostNetwork| network.ensure().unwrap().instance.number();
    let first = host.engine("first");
    assert_eq!(number(&first), 0);
    // One that is alive keeps its share,
    let second = host.engine("second");
    assert_eq!(number(&second), 1);
    // and so does one that is dead and has a sandbox left,
    let plan = first.ensure().unwrap().link(1).unwrap();
    let sandbox = Namespace::new_raw();
    crate::network::attach(sandbox.fd(), &plan).unwrap();
    drop(first);
    let third = host.engine("third");
    assert_eq!(number(&third), 2);
    // but not one that has none.
    drop((sandbox, second));
    let sandbox_gone = || !output("ip", &["-o", "link"]).contains("ctnr-1");
    super::world::eventually("the link is left", sandbox_gone);
    fs::remove_file(host.path("second")).unwrap();
    let fourth = host.engine("fourth");
    assert_eq!(number(&fourth), 0);
    assert_eq!(number(&host.engine("fifth")), 1);
    // The first comes back, and finds that it has lost its share.
    assert_eq!(number(&host.engine("first")), 1);
}

#[test]
fn a_block_in_use_is_not_taken() {
    let host = Host::new();
    super::world::ip("addr add 10.201.44.1/24 dev up0");
    let free = host.engine("network.json").ensure().unwrap();
    assert_eq!(free.instance.block().to_string(), "10.202.0.0/16");
    host.engine("network.json").remove().unwrap();
    let chosen = HostNetwork::new(
        host.path("network.json"),
        Some("10.201.0.0/16".parse().unwrap()),
    );
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
    world.host.internet.run(|| {
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
    assert!(world.host.path("network.json").exists());
}
