//! `cargo xtask test --podman`: the Docker engine's contract, on Podman's socket.
//!
//! Podman runs in mount and network namespaces of its own, so that neither the host's control
//! groups nor its networks stand in its way or are changed.

use std::path::Path;

use anyhow::{Context, Result};

use super::{Folders, suite};
use crate::packages::{self, needs};
use crate::process::Run;
use crate::tally::Tally;

/// The package whose contract is tested.
const ENGINE: &str = "ctnr-engine-docker";

/// Starts Podman's service in the folder `$1` and runs the rest of the words while it answers.
///
/// Podman refuses hosts whose control groups are of both versions; it is shown the first then. Tests
/// of the network want an address that is not loopback.
const INSIDE: &str = r#"
set -eu
folder=$1; shift
! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified
ip link set lo up
ip link add outer type veth peer name inner
ip address add 198.51.100.2/24 dev outer
ip link set outer up
ip link set inner up
ip route add default via 198.51.100.1
export CONTAINERS_CONF="$folder/containers.conf" DOCKER_HOST="unix://$folder/podman.sock"
podman --root "$folder/storage" --runroot "$folder/run" --network-config-dir "$folder/networks" \
    --cgroup-manager cgroupfs --runtime runc system service --time 0 "$DOCKER_HOST" \
    2> "$folder/podman.log" &
podman=$!
trap 'kill $podman; wait $podman || true' EXIT
for attempt in $(seq 100); do [ -S "$folder/podman.sock" ] && break; sleep 0.1; done
"$@"
"#;

/// Limits that a service without the right to raise its own can give.
const SETTINGS: &str =
    "[containers]\ndefault_ulimits = [\"nofile=4096:4096\", \"nproc=4096:4096\"]\n";

/// Runs it.
pub(super) fn run() -> Result<Tally> {
    packages::ensure_needs(needs::PODMAN)?;
    let folders = Folders::make()?;
    let folder = folders.servers.path();
    std::fs::write(folder.join("containers.conf"), SETTINGS).context("cannot set Podman up")?;
    let words = ["nextest", "run", "--no-fail-fast", "--locked"];
    let chosen = [
        "--package",
        ENGINE,
        "--features",
        "system-tests",
        "--test",
        "contract",
    ];
    suite::counted("tests", inside(folder).args(words).args(chosen), &[])
}

/// Cargo where Podman answers.
fn inside(folder: &Path) -> Run {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Run::new("unshare")
        .dir(crate::workspace::root())
        .args(["--mount", "--net", "--propagation", "private", "--"])
        .args(["sh", "-c", INSIDE, "sh"])
        .arg(folder)
        .arg(cargo)
}
