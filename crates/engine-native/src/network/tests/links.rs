//! Links: how they are made, and that they go.

use std::collections::HashSet;
use std::time::Instant;

use super::world::{Namespace, World, ask, enter_new, eventually, output, serve};
use crate::network::{attach, loopback_only, sweep};

fn links() -> Vec<String> {
    let listing = output("ip", &["-o", "link"]);
    let names = listing.lines().filter_map(|line| line.split(": ").nth(1));
    names
        .filter_map(|name| name.split('@').next())
        .filter(|name| name.starts_with("ctnr"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn without_a_link_there_is_loopback_only() {
    enter_new();
    let sandbox = Namespace::new_raw();
    loopback_only(sandbox.fd()).unwrap();
    sandbox.run(|| {
        serve("127.0.0.1", 80);
        serve("::1", 80);
        assert!(ask("127.0.0.1", 80).is_ok() && ask("::1", 80).is_ok());
        assert_eq!(output("ip", &["-o", "link"]).lines().count(), 1);
        assert_eq!(output("ip", &["route"]), "");
    });
    assert_eq!(links(), Vec::<String>::new());
}

#[test]
fn a_link_is_complete_at_once() {
    let world = World::new();
    let (sandbox, plan) = world.sandbox(300);
    assert_eq!(links(), [plan.name()]);
    sandbox.run(|| {
        let v4 = plan.sandbox_v4().to_string();
        serve(&v4, 80);
        serve(&plan.sandbox_v6().to_string(), 80);
        assert!(ask(&v4, 80).is_ok());
        let addresses = output("ip", &["-o", "addr", "show", "dev", "eth0"]);
        assert!(addresses.contains(&format!("{v4}/31")), "{addresses}");
        assert!(
            !addresses.contains("tentative") && !addresses.contains("fe80"),
            "{addresses}"
        );
    });
    assert!(ask(&plan.sandbox_v4().to_string(), 80).is_ok());
    assert!(ask(&plan.sandbox_v6().to_string(), 80).is_ok());
}

#[test]
fn an_index_in_use_is_refused() {
    let world = World::new();
    let (_sandbox, plan) = world.sandbox(1);
    let other = Namespace::new_raw();
    let error = attach(other.fd(), &plan).unwrap_err().to_string();
    assert!(
        error.contains("creating the link for ctnr-1: File exists"),
        "{error}"
    );
}

#[test]
fn a_link_goes_with_its_namespace() {
    let world = World::new();
    let sandboxes: Vec<_> = (0..20).map(|index| world.sandbox(index)).collect();
    assert_eq!(links().len(), 20);
    drop(sandboxes);
    eventually("links are left", || links().is_empty());
}

#[test]
fn what_is_unknown_is_swept() {
    let world = World::new();
    let _sandboxes: Vec<_> = (0..6).map(|index| world.sandbox(index)).collect();
    let instance = world.egress.instance;
    let mut swept = sweep(instance, &HashSet::from([1, 3, 77])).unwrap();
    swept.sort_unstable();
    assert_eq!(swept, [0, 2, 4, 5]);
    assert_eq!(links().len(), 2);
    assert!(sweep(instance, &HashSet::from([1, 3])).unwrap().is_empty());
    assert_eq!(sweep(instance, &HashSet::from([3])).unwrap(), [1]);
    assert_eq!(links(), ["ctnr-3"]);
    // An index can be taken again at once.
    let _again = world.sandbox(1);
}

/// Prints what the parts take; `--nocapture` shows it.
#[test]
fn the_time_it_takes() {
    let world = World::new();
    let sandboxes: Vec<_> = (0..200).map(|_| Namespace::new_raw()).collect();
    let mut times: Vec<_> = (0..200)
        .map(|index| {
            let plan = world.egress.link(index).unwrap();
            let start = Instant::now();
            attach(sandboxes[index as usize].fd(), &plan).unwrap();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("attach: p50 {:?}, p99 {:?}", times[100], times[198]);
    let start = Instant::now();
    world.network.ensure().unwrap();
    println!("ensure with nothing to do: {:?}", start.elapsed());
    let start = Instant::now();
    drop(sandboxes);
    println!("closing 200 namespaces: {:?}", start.elapsed());
    eventually("links are left", || links().is_empty());
    println!("until all links had gone: {:?}", start.elapsed());
}
