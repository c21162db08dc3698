//! Where published ports answer.

use ctnr_api::Port;

/// `3000/tcp -> http://localhost:32768`. Whatever speaks TCP might speak HTTP, and a URL is what
/// can be clicked.
pub(super) fn answer(port: &str, host_name: &str, host_port: &str) -> String {
    let host_name = match host_name {
        "127.0.0.1" | "[::1]" => "localhost",
        name => name,
    };
    if port.ends_with("/tcp") {
        format!("{port} -> http://{host_name}:{host_port}")
    } else {
        format!("{port} -> {host_name}:{host_port}")
    }
}

/// The ports of a list's row: `32768->3000/tcp`, with the address where it is not loopback. The
/// same port on IPv4 and IPv6 is one.
pub(super) fn summary(ports: &[Port]) -> String {
    let mut shown: Vec<String> = Vec::new();
    for port in ports {
        let target = format!("{}/{}", port.private_port, port.protocol);
        let text = match (port.public_port, port.ip.as_deref()) {
            (None, _) => target,
            (Some(public), None | Some("127.0.0.1" | "::1" | "")) => format!("{public}->{target}"),
            (Some(public), Some(ip)) if ip.contains(':') => format!("[{ip}]:{public}->{target}"),
            (Some(public), Some(ip)) => format!("{ip}:{public}->{target}"),
        };
        if !shown.contains(&text) {
            shown.push(text);
        }
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(ip: Option<&str>, public: Option<u16>) -> Port {
        Port {
            ip: ip.map(str::to_owned),
            private_port: 3000,
            public_port: public,
            protocol: "tcp".to_owned(),
        }
    }

    #[test]
    fn loopback_needs_no_address() {
        let ports = [
            port(Some("127.0.0.1"), Some(32768)),
            port(Some("::1"), Some(32768)),
            port(Some("0.0.0.0"), Some(80)),
            port(Some("::"), Some(80)),
            port(None, None),
        ];
        assert_eq!(
            summary(&ports),
            "32768->3000/tcp, 0.0.0.0:80->3000/tcp, [::]:80->3000/tcp, 3000/tcp"
        );
    }
}
