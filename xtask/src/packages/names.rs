//! What the distributions call the packages that apt knows under the name in the first column.

/// One package's names.
pub(crate) struct Row {
    apt: &'static str,
    pub(crate) dnf: &'static str,
    pub(crate) pacman: &'static str,
    pub(crate) zypper: &'static str,
    pub(crate) apk: &'static str,
}

/// The names of the package that apt calls `apt`.
pub(crate) fn of(apt: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.apt == apt)
}

const fn row(
    apt: &'static str,
    dnf: &'static str,
    pacman: &'static str,
    zypper: &'static str,
    apk: &'static str,
) -> Row {
    Row {
        apt,
        dnf,
        pacman,
        zypper,
        apk,
    }
}

/// In the order apt, dnf, pacman, zypper, apk.
const ROWS: &[Row] = &[
    row("build-essential", "gcc", "base-devel", "gcc", "build-base"),
    row(
        "busybox-static",
        "busybox",
        "busybox",
        "busybox-static",
        "busybox-static",
    ),
    row(
        "ca-certificates",
        "ca-certificates",
        "ca-certificates",
        "ca-certificates",
        "ca-certificates",
    ),
    row("chromium", "chromium", "chromium", "chromium", "chromium"),
    row("curl", "curl", "curl", "curl", "curl"),
    row("dpkg-dev", "dpkg-dev", "dpkg", "dpkg", "dpkg-dev"),
    row("dpkg", "dpkg", "dpkg", "dpkg", "dpkg"),
    row("docker.io", "moby-engine", "docker", "docker", "docker"),
    row(
        "docker-registry",
        "docker-distribution",
        "docker-registry",
        "distribution-registry",
        "docker-registry",
    ),
    row("iproute2", "iproute", "iproute2", "iproute2", "iproute2"),
    row(
        "iptables",
        "iptables-nft",
        "iptables-nft",
        "iptables",
        "iptables",
    ),
    row(
        "mmdebstrap",
        "mmdebstrap",
        "mmdebstrap",
        "mmdebstrap",
        "mmdebstrap",
    ),
    row("nftables", "nftables", "nftables", "nftables", "nftables"),
    row("npm", "npm", "npm", "npm-default", "npm"),
    row(
        "postgresql",
        "postgresql-server",
        "postgresql",
        "postgresql-server",
        "postgresql",
    ),
    row(
        "python3-pip",
        "python3-pip",
        "python-pip",
        "python3-pip",
        "py3-pip",
    ),
    row("python3-venv", "python3", "python", "python3", "python3"),
    row("skopeo", "skopeo", "skopeo", "skopeo", "skopeo"),
    row(
        "uidmap",
        "shadow-utils",
        "shadow",
        "shadow",
        "shadow-uidmap",
    ),
    row(
        "util-linux",
        "util-linux",
        "util-linux",
        "util-linux",
        "util-linux",
    ),
];
