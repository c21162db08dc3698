//! What each task needs from the distribution, and why.

use super::Package;

/// A package with the reason that is shown before it is installed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    pub(crate) package: Package,
    pub(crate) reason: &'static str,
}

const fn need(name: &'static str, program: &'static str, reason: &'static str) -> Need {
    Need {
        package: Package { name, program },
        reason,
    }
}

/// What building the workspace needs beside Rust.
pub(crate) const BUILD: &[Need] = &[need(
    "build-essential",
    "cc",
    "compiles the C parts of crates (SQLite, zstd) and links",
)];

/// What the native engine runs.
pub(crate) const NATIVE: &[Need] = &[need(
    "nftables",
    "nft",
    "holds the packet filter of native sandboxes",
)];

/// What the Docker engine needs where Docker is asked for.
pub(crate) const DOCKER: &[Need] = &[
    need("docker.io", "dockerd", "is the Docker engine"),
    need(
        "iptables",
        "iptables",
        "is what dockerd sets its firewall rules with",
    ),
];

/// What the Docker engine's tests need to run on Podman.
pub(crate) const PODMAN: &[Need] = &[
    need("podman", "podman", "answers as Docker does"),
    need("runc", "runc", "starts Podman's containers"),
    need(
        "containernetworking-plugins",
        "/usr/lib/cni/bridge",
        "makes Podman's networks",
    ),
];

/// What the checks need: `typos` comes as a ready wheel, which spares compiling it.
pub(crate) const CHECK: &[Need] = &[need(
    "python3-pip",
    "pip3",
    "fetches the spell checker `typos`, `schemathesis`, which makes requests up, and a gRPC client",
)];

/// What making the panel needs where this machine has no Node that is new enough.
pub(crate) const PANEL: &[Need] = &[need(
    "python3-pip",
    "pip3",
    "fetches Node, which makes the panel",
)];

/// What makes installers to capture.
pub(crate) const INSTALLERS: &[Need] = &[need(
    "nsis",
    "makensis",
    "makes installers of Windows programs, to capture them",
)];

/// What the tests need beside all of the above.
pub(crate) const TEST: &[Need] = &[
    need(
        "iproute2",
        "ip",
        "shows links, addresses and routes, which have to be the same afterwards",
    ),
    need("util-linux", "unshare", "gives a test a network of its own"),
    need(
        "curl",
        "curl",
        "sends the requests of the specification as they stand there",
    ),
    need(
        "bsdutils",
        "script",
        "gives a test of the command line a terminal",
    ),
    need(
        "busybox-static",
        "busybox",
        "is the one program in the test image busybox:latest",
    ),
    need(
        "postgresql",
        "postgres",
        "is the second database that the store is tested with",
    ),
    need(
        "redis-server",
        "redis-server",
        "carries jobs to workers in the tests of the queue",
    ),
    need(
        "wixl",
        "wixl",
        "makes the package of Windows Installer that captures are tested with",
    ),
    // It brings a font along where there is none.
    need(
        "chromium",
        "chromium",
        "is the browser that the panel is driven in",
    ),
    need(
        "docker-registry",
        "docker-registry",
        "is the registry on loopback that images are pulled from and pushed to",
    ),
    need(
        "skopeo",
        "skopeo",
        "copies portable containers between files and registries, as other people's tools do",
    ),
];

/// What packing a `.deb` needs.
pub(crate) const DIST: &[Need] = &[
    need("dpkg", "dpkg-deb", "packs the .deb"),
    need(
        "dpkg-dev",
        "dpkg-shlibdeps",
        "finds the libraries that a binary wants",
    ),
];
