//! What a sandbox reaches, and what reaches it.

use ctnr_e2e::{Backend, Listener, Netns, Sandbox, eventually, fetch, with_probe};
use serde_json::json;

/// What a sandbox hears from an address; nothing where it can't be reached.
fn hears(sandbox: &Sandbox, address: &str, port: u16) -> String {
    sandbox
        .exec(&["/probe", "hear", address, &port.to_string()])
        .stdout
}

#[track_caller]
fn is_deaf_to(sandbox: &Sandbox, address: &str, port: u16) {
    let heard = hears(sandbox, address, port);
    assert!(heard.starts_with("refused "), "{address}:{port}: {heard}");
}

/// The internet is reached; the host, its metadata service and its neighbours are not.
#[test]
fn a_sandbox_reaches_the_internet_and_not_the_host() {
    let netns = Netns::enter();
    let internet = netns.internet();
    let _far = internet.listen("198.51.100.7:80");
    let metadata = internet.listen("169.254.169.254:80");
    eventually("the server on the internet", || fetch("198.51.100.7", 80));
    eventually("the metadata service", || fetch("169.254.169.254", 80));

    let backend = Backend::builder().image(with_probe()).start();
    let everywhere = Listener::on("0.0.0.0:0");
    let on_the_host = Listener::on("192.0.2.1:0");
    let on_loopback = Listener::on("127.0.0.1:0");
    let api = backend.api();
    let sandbox = api.create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    let neighbour = api.create(&json!({
        "image": "busybox", "ports": ["80/tcp"],
        "cmd": ["sh", "-c", "echo neighbour > /tmp/index.html; exec httpd -f -p 80 -h /tmp"],
    }));
    eventually("the neighbour", || {
        fetch("127.0.0.1", neighbour.port("80/tcp"))
    });

    let asked = metadata.callers();
    eventually("the internet", || {
        match hears(&sandbox, "198.51.100.7", 80) {
            text if text.ends_with("hello") => Ok(()),
            text => Err(text),
        }
    });
    let gateway = sandbox.sh("ip route | awk '/default/ { print $3 }'").ok();
    let gateway = gateway.trim();
    assert!(!gateway.is_empty());
    let details = neighbour.inspect();
    let neighbour_address = details["NetworkSettings"]["IPAddress"].as_str().unwrap();
    assert!(!neighbour_address.is_empty());
    let backend_port = backend.port();
    for (address, port) in [
        (gateway, everywhere.port()),
        ("192.0.2.1", everywhere.port()),
        ("192.0.2.1", on_the_host.port()),
        ("127.0.0.1", on_loopback.port()),
        (gateway, backend_port),
        ("127.0.0.1", backend_port),
        ("192.0.2.1", neighbour.port("80/tcp")),
        (gateway, neighbour.port("80/tcp")),
        (neighbour_address, 80),
        ("169.254.169.254", 80),
    ] {
        is_deaf_to(&sandbox, address, port);
    }
    assert_eq!(metadata.callers(), asked);
    for listener in [&everywhere, &on_the_host, &on_loopback] {
        assert_eq!(listener.callers(), 0);
    }
    // Root in the sandbox can't get around the rules by setting up its own end.
    for line in [
        "ip link set eth0 netns 1",
        "iptables -F",
        "echo 1 > /proc/sys/net/ipv4/ip_forward",
    ] {
        sandbox.sh(line);
    }
    sandbox.sh(&format!(
        "ip route add 192.0.2.0/24 via {gateway}; ip address add 192.0.2.9/24 dev eth0"
    ));
    is_deaf_to(&sandbox, "192.0.2.1", everywhere.port());
    assert_eq!(everywhere.callers(), 0);
}

/// The same by IPv6.
#[test]
fn neither_is_reached_by_ipv6() {
    let netns = Netns::enter();
    let internet = netns.internet();
    let _far = internet.listen("[2001:db8:7::7]:80");
    let metadata = internet.listen("[fd00:ec2::254]:80");
    let backend = Backend::builder().image(with_probe()).start();
    let everywhere = Listener::on("[::]:0");
    let on_the_host = Listener::on("[2001:db8:1::1]:0");
    let on_loopback = Listener::on("[::1]:0");
    let api = backend.api();
    let sandbox = api.create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    let neighbour = api.create(&json!({
        "image": "busybox", "ports": ["80/tcp"],
        "cmd": ["sh", "-c", "echo neighbour > /tmp/index.html; exec httpd -f -p 80 -h /tmp"],
    }));
    for (address, port) in [
        ("[::1]", neighbour.port("80/tcp")),
        ("127.0.0.1", neighbour.port("80/tcp")),
    ] {
        eventually("the neighbour's page", || fetch(address, port));
    }
    eventually("the internet", || {
        match hears(&sandbox, "2001:db8:7::7", 80) {
            text if text.ends_with("hello") => Ok(()),
            text => Err(text),
        }
    });
    let asked = metadata.callers();
    let gateway = sandbox
        .sh("ip -6 route | awk '/default/ { print $3 }'")
        .ok();
    let gateway = gateway.trim();
    assert!(gateway.contains(':'), "{gateway}");
    let inside = neighbour
        .sh("ip -6 -o address show dev eth0 scope global | awk '{ print $4 }'")
        .ok();
    let neighbour_address = inside.trim().split('/').next().unwrap();
    assert!(neighbour_address.contains(':'), "{inside}");
    for (address, port) in [
        (gateway, everywhere.port()),
        ("2001:db8:1::1", everywhere.port()),
        ("2001:db8:1::1", on_the_host.port()),
        ("::1", on_loopback.port()),
        ("::1", backend.port()),
        (gateway, backend.port()),
        (gateway, neighbour.port("80/tcp")),
        ("2001:db8:1::1", neighbour.port("80/tcp")),
        (neighbour_address, 80),
        ("fd00:ec2::254", 80),
        ("::ffff:192.0.2.1", everywhere.port()),
        ("::ffff:169.254.169.254", 80),
    ] {
        is_deaf_to(&sandbox, address, port);
    }
    assert_eq!(metadata.callers(), asked);
    for listener in [&everywhere, &on_the_host, &on_loopback] {
        assert_eq!(listener.callers(), 0);
    }
}

/// What two backends have changed on the host is put back by the last of them.
#[test]
fn two_backends_on_one_host() {
    let netns = Netns::enter();
    // A namespace begins with the host's value, which Docker may have changed.
    std::fs::write("/proc/sys/net/ipv4/ip_forward", "0").unwrap();
    let internet = netns.internet();
    let _far = internet.listen("198.51.100.7:80");
    let forwarding = || std::fs::read_to_string("/proc/sys/net/ipv4/conf/out0/forwarding").unwrap();
    assert_eq!(forwarding(), "0\n");
    let first = Backend::builder().image(with_probe()).start();
    let second = Backend::builder().image(with_probe()).start();
    let create = |backend: &Backend| {
        let body = json!({ "image": "busybox", "cmd": ["sleep", "1000"] });
        backend.api().create(&body)
    };
    let (one, two) = (create(&first), create(&second));
    for sandbox in [&one, &two] {
        eventually("the internet", || {
            match hears(sandbox, "198.51.100.7", 80) {
                text if text.ends_with("hello") => Ok(()),
                text => Err(text),
            }
        });
    }
    // The first is who opened it.
    drop(first);
    assert_eq!(forwarding(), "1\n");
    assert!(hears(&two, "198.51.100.7", 80).ends_with("hello"));
    drop(second);
    assert_eq!(forwarding(), "0\n");
    let rules = ctnr_e2e::sh("nft list ruleset").ok();
    assert!(!rules.contains("ctnr"), "{rules}");
}

/// No network but the published port.
#[test]
fn a_sandbox_without_network() {
    let backend = Backend::native();
    let sandbox = backend.api().create(&json!({
        "image": "busybox", "network": "none", "ports": ["80/tcp", "53/udp"],
        "cmd": ["sh", "-c", "echo here > /tmp/index.html; exec httpd -f -p 80 -h /tmp"],
    }));
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        eventually("the page", || fetch(host, sandbox.port("80/tcp")));
    }
    assert_eq!(sandbox.sh("ip -o link | wc -l").ok(), "1\n");
    assert_eq!(sandbox.sh("ip route").ok(), "");
}

/// UDP is forwarded, and answers find their way back.
#[test]
fn a_udp_port() {
    let backend = Backend::builder().image(with_probe()).start();
    let sandbox = backend.api().create(&json!({
        "image": "busybox", "ports": ["7/udp"], "cmd": ["/probe", "echo", "7"],
    }));
    let port = sandbox.port("7/udp");
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(std::time::Duration::from_millis(500)))
        .unwrap();
    eventually("an answer", || {
        socket
            .send_to(b"hello", ("127.0.0.1", port))
            .map_err(|error| error.to_string())?;
        let mut answer = [0; 100];
        match socket.recv(&mut answer) {
            Ok(length) if answer[..length] == *b"echo hello" => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
}

/// A published port is the host's own business: by default no other machine reaches it.
#[test]
fn a_published_port_is_on_loopback_alone() {
    let netns = Netns::enter();
    let outside = netns.internet();
    let backend = Backend::native();
    let page = "echo here > /tmp/index.html; exec httpd -f -p 80 -h /tmp";
    let private = backend.api().create(&json!({
        "image": "busybox", "ports": ["80/tcp"], "cmd": ["sh", "-c", page],
    }));
    let public = backend.api().create(&json!({
        "image": "busybox", "ports": ["0.0.0.0:8081:80"], "cmd": ["sh", "-c", page],
    }));
    assert_eq!(public.port("80/tcp"), 8081);
    eventually("the private page", || {
        fetch("127.0.0.1", private.port("80/tcp"))
    });
    let ask = |port: u16| {
        outside.sh(&format!(
            "curl --silent --max-time 5 http://192.0.2.1:{port}/"
        ))
    };
    eventually("the public page", || match ask(8081) {
        ran if ran.stdout == "here\n" => Ok(()),
        ran => Err(format!("{ran:?}")),
    });
    assert_ne!(ask(private.port("80/tcp")).code, 0);
    // Nor by the sandbox's own address, through the host as a router.
    let details = private.inspect();
    let inside = details["NetworkSettings"]["IPAddress"]
        .as_str()
        .unwrap()
        .to_owned();
    outside
        .sh(&format!("ip route add {inside}/32 via 192.0.2.1"))
        .ok();
    let direct = outside.sh(&format!("curl --silent --max-time 3 http://{inside}/"));
    assert_eq!(direct.stdout, "", "{direct:?}");
}
