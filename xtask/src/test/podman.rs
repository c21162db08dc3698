//! `cargo xtask test --podman`: the Docker engine's contract, on Podman's socket.
//!
//! Podman runs in mount, network and process namespaces of its own, so that neither the host's
//! control groups nor its networks stand in its way or are changed, and so that what it starts ends
//! with it.

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
mount -t tmpfs none /run
mkdir -p /var/lib/cni
mount -t tmpfs none /var/lib/cni
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

/// Limits that a service without the right to raise its own can give, and the networks whose programs
/// are installed.
const SETTINGS: &str = r#"
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[network]
network_backend = "cni"
"#;

/// What Podman 4.3 does otherwise, as `docs/settings.md` tells its users.
const OTHERWISE: [&str; 14] = [
    // Its log can't be read while it is begun anew.
    "attacks::a_flood_of_output_harms_nobody",
    // Its moments are whole seconds.
    "logs::a_log_is_followed_to_its_end",
    "logs::moments_bound_a_log",
    // Files that are sent or fetched lose their owners.
    "files::an_archive_is_extracted",
    "files::an_overwritten_file_keeps_mode_and_owner",
    "files::stat_tells_what_a_path_is",
    // A link to nothing is written over instead of followed.
    "files_hostile::writes_through_links_stay_inside",
    // Names without a registry are put under `localhost`.
    "images::a_name_is_given_and_taken",
    "images::an_exported_image_is_the_same",
    "images::an_imported_image_is_there",
    "images::compressed_archives_are_taken",
    "images::oci_archives_are_taken",
    // User namespaces are allowed inside.
    "isolation::mounts_are_refused",
    // It does not say that the memory limit has ended a program.
    "limits::memory_is_limited",
];

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
    let left_out: Vec<String> = OTHERWISE
        .iter()
        .map(|name| format!("test(={name})"))
        .collect();
    let filter = format!("not ({})", left_out.join(" or "));
    let cargo = inside(folder).args(words).args(chosen);
    suite::chosen(cargo.args(["-E", &filter]), &[])
}

/// Cargo where Podman answers.
fn inside(folder: &Path) -> Run {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Run::new("unshare")
        .dir(crate::workspace::root())
        .args(["--mount", "--net", "--propagation", "private"])
        .args(["--pid", "--fork", "--kill-child", "--mount-proc", "--"])
        .args(["sh", "-c", INSIDE, "sh"])
        .arg(folder)
        .arg(cargo)
}
