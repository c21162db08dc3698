//! What a sandbox reaches, and what it does not.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use super::world::{
    INTERNET_V4, INTERNET_V6, Namespace, World, ask, ask_udp, eventually, ip, move_link, output,
    serve,
};

const PORT: u16 = 8000;

#[test]
fn a_sandbox_reaches_the_internet_as_the_host() {
    let world = World::new();
    world.host.internet.run(|| {
        serve(INTERNET_V4, PORT);
        serve(INTERNET_V6, PORT);
    });
    let (sandbox, plan) = world.sandbox(5);
    assert!(plan.ipv6().is_some());
    sandbox.run(|| {
        let host: [IpAddr; 2] = [
            "198.51.100.2".parse().unwrap(),
            "2001:db8:100::2".parse().unwrap(),
        ];
        assert_eq!(ask(INTERNET_V4, PORT).unwrap(), host[0]);
        assert_eq!(ask_udp("0.0.0.0", INTERNET_V4, PORT).unwrap(), host[0]);
        assert_eq!(ask(INTERNET_V6, PORT).unwrap(), host[1]);
        assert_eq!(ask_udp("::", INTERNET_V6, PORT).unwrap(), host[1]);
    });
}

#[test]
fn a_sandbox_reaches_nothing_of_the_host() {
    let world = World::new();
    let (sandbox, plan) = world.sandbox(5);
    let (host4, host6) = (plan.host_v4().to_string(), plan.host_v6().to_string());
    serve("0.0.0.0", PORT);
    // Else `::` would take IPv4 as well, which the line above has taken.
    std::fs::write("/proc/sys/net/ipv6/bindv6only", "1").unwrap();
    serve("::", PORT);
    assert!(ask("127.0.0.1", PORT).is_ok() && ask("::1", PORT).is_ok());
    sandbox.run(|| {
        for address in [&host4, "198.51.100.2", &host6, "2001:db8:100::2"] {
            assert!(ask(address, PORT).is_err(), "{address}");
            let any = if address.contains(':') {
                "::"
            } else {
                "0.0.0.0"
            };
            assert!(ask_udp(any, address, PORT).is_err(), "{address} by UDP");
        }
        assert!(!ping(&host4) && !ping(&host6));
        assert!(ping(&plan.sandbox_v4().to_string()));
    });
}

#[test]
fn a_sandbox_is_no_router_to_the_host() {
    use rustix::net::{AddressFamily, SocketType, ipproto, socket, sockopt};
    let world = World::new();
    let (sandbox, plan) = world.sandbox(5);
    let advertise = |hop_limit: u8| {
        let raw = socket(AddressFamily::INET6, SocketType::RAW, Some(ipproto::ICMPV6)).unwrap();
        sockopt::set_ipv6_multicast_hops(&raw, u32::from(hop_limit)).unwrap();
        sockopt::set_ipv6_unicast_hops(&raw, Some(hop_limit)).unwrap();
        // A router for the next half an hour.
        let advertisement = [134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0];
        UdpSocket::from(raw)
            .send_to(&advertisement, address("fe80::5:1", 0))
            .unwrap();
    };
    let routes = || output("ip", &["-6", "route", "show", "default"]);
    let before = routes();
    // A link that takes advertisements, as any interface of the host does.
    ip(&format!("addr add fe80::5:1/64 dev {} nodad", plan.name()));
    sandbox.run(|| {
        ip("addr add fe80::5:2/64 dev eth0 nodad");
        advertise(255);
    });
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(routes(), before);
    // Without the rules, it would have been one.
    world.network.remove().unwrap();
    sandbox.run(|| advertise(255));
    eventually("the attack of this test does not work", || {
        routes() != before
    });
}

#[test]
fn a_redirection_of_the_hosts_ports_is_no_way_in() {
    let world = World::new();
    world.host.internet.run(|| serve(INTERNET_V4, PORT));
    // What Docker does for a published port: connections to any address of the host's are sent on.
    output("nft", &["add table ip nat"]);
    output(
        "nft",
        &["add chain ip nat PREROUTING { type nat hook prerouting priority dstnat; }"],
    );
    let rule = format!("fib daddr type local tcp dport 9000 dnat to {INTERNET_V4}:{PORT}");
    output("nft", &["add rule ip nat PREROUTING", &rule]);
    let (sandbox, plan) = world.sandbox(5);
    sandbox.run(|| {
        assert!(ask("198.51.100.2", 9000).is_err());
        assert!(ask(&plan.host_v4().to_string(), 9000).is_err());
    });
    assert!(output("nft", &["list ruleset"]).contains("dnat to"));
}

#[test]
fn a_sandbox_does_not_reach_its_neighbours() {
    let world = World::new();
    let (first, _) = world.sandbox(5);
    let (second, plan) = world.sandbox(6);
    let (v4, v6) = (plan.sandbox_v4().to_string(), plan.sandbox_v6().to_string());
    second.run(|| {
        serve(&v4, PORT);
        serve(&v6, PORT);
        assert!(ask(&v4, PORT).is_ok());
    });
    first.run(|| {
        assert!(ask(&v4, PORT).is_err());
        assert!(ask_udp("0.0.0.0", &v4, PORT).is_err());
        assert!(ask(&v6, PORT).is_err());
        assert!(ask_udp("::", &v6, PORT).is_err());
    });
    // Nobody outside reaches it either, even with a route to it.
    world.host.internet.run(|| {
        ip("route add 10.201.0.0/16 via 198.51.100.2 metric 1");
        assert!(ask(&v4, PORT).is_err());
    });
    // The host does.
    assert!(ask(&v4, PORT).is_ok() && ask(&v6, PORT).is_ok());
}

#[test]
fn the_metadata_address_is_closed() {
    let world = World::new();
    world.host.internet.run(|| {
        serve("169.254.169.254", PORT);
        ip("addr add fd00:ec2::254/128 dev lo nodad");
        serve("fd00:ec2::254", PORT);
    });
    for address in ["169.254.169.254", "fd00:ec2::254"] {
        eventually("the host does not reach it", || ask(address, PORT).is_ok());
    }
    let (sandbox, _) = world.sandbox(5);
    sandbox.run(|| {
        assert!(ask("169.254.169.254", PORT).is_err());
        assert!(ask_udp("0.0.0.0", "169.254.169.254", PORT).is_err());
        assert!(ask("fd00:ec2::254", PORT).is_err());
    });
}

#[test]
fn a_false_sender_is_dropped() {
    let world = World::new();
    let (sandbox, plan) = world.sandbox(5);
    let (_neighbour, other) = world.sandbox(6);
    let false_v4 = [
        other.sandbox_v4().to_string(),
        "198.51.100.2".into(),
        "198.51.100.77".into(),
    ];
    let false_v6 = [other.sandbox_v6().to_string(), "2001:db8:100::77".into()];
    sandbox.run(|| {
        false_v4
            .iter()
            .for_each(|address| ip(&format!("addr add {address} dev eth0")));
        false_v6
            .iter()
            .for_each(|address| ip(&format!("addr add {address} dev eth0 nodad")));
    });
    let cases = [
        (INTERNET_V4, &false_v4[..], plan.sandbox_v4().to_string()),
        (INTERNET_V6, &false_v6[..], plan.sandbox_v6().to_string()),
    ];
    for (internet, falsehoods, truth) in cases {
        let server = world
            .host
            .internet
            .run(|| UdpSocket::bind(address(internet, PORT)).unwrap());
        server
            .set_read_timeout(Some(Duration::from_millis(400)))
            .unwrap();
        let send = |from: &str| {
            sandbox.run(|| {
                let socket = UdpSocket::bind(address(from, 0)).unwrap();
                socket
                    .send_to(from.as_bytes(), address(internet, PORT))
                    .unwrap();
            });
        };
        let mut buffer = [0; 64];
        falsehoods.iter().for_each(|from| send(from));
        assert!(
            server.recv_from(&mut buffer).is_err(),
            "{}",
            String::from_utf8_lossy(&buffer)
        );
        send(&truth);
        let (length, _) = server.recv_from(&mut buffer).unwrap();
        assert_eq!(String::from_utf8_lossy(&buffer[..length]), truth);
    }
}

fn address(text: &str, port: u16) -> SocketAddr {
    SocketAddr::new(text.parse().unwrap(), port)
}

#[test]
fn the_host_does_not_become_a_router() {
    let world = World::new();
    let second = Namespace::new();
    ip("link add up1 type veth peer name far1");
    ip("addr add 192.0.2.2/24 dev up1");
    ip("link set up1 up");
    move_link("far1", &second);
    second.run(|| {
        ip("addr add 192.0.2.1/24 dev far1");
        ip("link set far1 up");
        ip("route add default via 192.0.2.2");
        serve("192.0.2.1", PORT);
    });
    eventually("the second uplink is not up", || {
        ask("192.0.2.1", PORT).is_ok()
    });
    world.network.ensure().unwrap();
    let opened = |name: &str| {
        std::fs::read_to_string(format!("/proc/sys/net/ipv4/conf/{name}/forwarding")).unwrap()
    };
    assert_eq!((opened("up0").trim(), opened("up1").trim()), ("1", "1"));
    let (sandbox, _) = world.sandbox(5);
    sandbox.run(|| assert!(ask("192.0.2.1", PORT).is_ok()));
    world.host.internet.run(|| {
        ip("route add 192.0.2.0/24 via 198.51.100.2");
        assert!(ask("192.0.2.1", PORT).is_err());
    });
}

/// Whether an address answers an echo request.
fn ping(target: &str) -> bool {
    use rustix::net::{AddressFamily, SocketType, ipproto, socket};
    std::fs::write("/proc/sys/net/ipv4/ping_group_range", "0 0").unwrap();
    let target = address(target, 0);
    let (family, protocol, kind) = match target {
        SocketAddr::V4(_) => (AddressFamily::INET, ipproto::ICMP, 8),
        SocketAddr::V6(_) => (AddressFamily::INET6, ipproto::ICMPV6, 128),
    };
    let socket = UdpSocket::from(socket(family, SocketType::DGRAM, Some(protocol)).unwrap());
    socket
        .set_read_timeout(Some(Duration::from_millis(400)))
        .unwrap();
    let request = [kind, 0, 0, 0, 0, 0, 0, 0];
    socket.send_to(&request, target).is_ok() && socket.recv(&mut [0; 64]).is_ok()
}
