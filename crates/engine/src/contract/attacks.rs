//! What hostile programs and images try, and where it gets them.
//!
//! Each is named after what it tries; `docs/security.md` has the classes of faults that they are of.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::bench::{unique, words};
use super::sandbox::{command, path};
use super::{Bench, TestImage};
use crate::LogQuery;

/// How long a neighbour may take to answer while another does its worst.
const PATIENCE: Duration = Duration::from_secs(60);

/// A file of the host that nothing in a sandbox may read or change; gone with the value.
struct Secret {
    path: PathBuf,
    content: String,
}

impl Secret {
    fn new() -> Self {
        let content = format!("the host's {}", unique());
        let path = std::env::temp_dir().join(format!("ctnr-contract-{}", unique()));
        fs::write(&path, &content).expect("a file is written");
        Self { path, content }
    }

    fn at(&self) -> &str {
        self.path.to_str().expect("a path of text")
    }

    #[track_caller]
    fn assert_untouched(&self) {
        let content = fs::read_to_string(&self.path).expect("the file is there");
        assert_eq!(content, self.content);
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// An entrypoint of `/proc/self/exe` is not the engine's program for the sandbox to write to.
pub async fn a_program_by_descriptor_reaches_nothing(bench: Bench) {
    let this = fs::read(std::env::current_exe().expect("a program")).expect("it is read");
    for program in ["/proc/self/exe", "/proc/1/exe", "/proc/self/fd/3"] {
        let mut spec = bench.spec();
        spec.process.entrypoint = Some(words(&[program]));
        spec.process.cmd = Some(words(&["sh", "-c", "echo > /proc/self/exe"]));
        // Whether it is refused or ends by itself is the engine's to say.
        drop(bench.try_create(spec).await);
    }
    let sandbox = bench.running().await;
    let written = "for exe in /proc/1/exe /proc/self/exe /proc/*/exe; do echo x >> $exe; done";
    sandbox.sh(written).await;
    assert_eq!(sandbox.read("echo alive").await, "alive");
    let now = fs::read(std::env::current_exe().expect("a program")).expect("it is read");
    assert!(now == this, "the engine's program was changed");
    bench.running().await;
}

/// No descriptor of the engine's is a working directory from which the host is reached.
pub async fn a_working_directory_by_descriptor_leads_nowhere(bench: Bench) {
    let secret = Secret::new();
    let sandbox = bench.running().await;
    let up = "../".repeat(12);
    let read = format!(
        "cat {up}{0} {0}; ls {up}",
        secret.at().trim_start_matches('/')
    );
    let inside = sandbox.read("ls /").await;
    for number in 3..20 {
        let mut spec = command(&["sh", "-c", &read]);
        spec.workdir = Some(path(&format!("/proc/self/fd/{number}")));
        if let Ok(output) = sandbox.run(&spec).await {
            assert!(!output.stdout.contains(&secret.content), "{output:?}");
            // Where there is a directory at all, it is the sandbox's own.
            let listed = output.stdout.trim_end();
            assert!(listed.is_empty() || listed == inside, "{output:?}");
        }
    }
    for number in [3, 7, 9] {
        let mut spec = bench.script(&read);
        spec.process.workdir = Some(path(&format!("/proc/self/fd/{number}")));
        if let Ok(made) = bench.try_create(spec).await {
            made.ended().await;
            let log = made.log(&LogQuery::default()).await;
            assert!(!log.contains(&secret.content), "{log}");
        }
    }
}

/// A sandbox can't leave its control group, raise its limits, or name a program for the kernel to
/// start.
pub async fn control_groups_stay_as_they_are(bench: Bench) {
    let sandbox = bench.running().await;
    for script in [
        "for file in $(find /sys/fs/cgroup -name release_agent); do echo /bin/sh > $file && echo done; done",
        "for file in $(find /sys/fs/cgroup -name notify_on_release); do echo 1 > $file && echo done; done",
        "for file in $(find /sys/fs/cgroup -name cgroup.procs); do echo $$ > $file && echo done; done",
        "for file in $(find /sys/fs/cgroup -name 'memory*limit*' -o -name memory.max -o -name pids.max); do echo -1 > $file && echo done; done",
        "for file in $(find /sys/fs/cgroup -name devices.allow); do echo a > $file && echo done; done",
    ] {
        let output = sandbox.sh(script).await;
        assert!(!output.stdout.contains("done"), "{script}: {output:?}");
    }
}

/// Links that a program leaves where the engine writes at the next start lead it nowhere.
pub async fn links_in_the_place_of_the_engines_files(bench: Bench) {
    let secret = Secret::new();
    let mut sandbox = bench.running().await;
    let at = secret.at();
    sandbox
        .sh(&format!(
            "for file in hosts hostname resolv.conf; do rm -f /etc/$file; ln -s {at} /etc/$file; done; \
             rm -rf /tmp/d; ln -s {at} /tmp/d; mv /etc/passwd /etc/old; ln -s {at} /etc/passwd"
        ))
        .await;
    sandbox.stop().await;
    let ports = sandbox.started.ports.clone();
    if let Ok(started) = bench.engine().start(&sandbox.spec, &ports).await {
        sandbox.started = started;
        let output = sandbox
            .sh("cat /etc/hosts /etc/hostname /etc/resolv.conf /etc/passwd")
            .await;
        assert!(!output.stdout.contains(&secret.content), "{output:?}");
    }
    secret.assert_untouched();
}

/// A program that floods its log slows nobody down, and is deleted like any other.
pub async fn a_flood_of_output_harms_nobody(bench: Bench) {
    let flood = bench.create(bench.script("yes flood")).await;
    let neighbour = bench.running().await;
    for _ in 0..5 {
        let answer = tokio::time::timeout(PATIENCE, neighbour.read("echo here")).await;
        assert_eq!(answer.expect("the neighbour answers"), "here");
    }
    let last = LogQuery {
        tail: Some(1),
        ..LogQuery::default()
    };
    // The last line may be one that is just being written.
    let line = flood.log(&last).await;
    let line = line.trim_end();
    assert!(!line.is_empty() && "flood".starts_with(line), "{line:?}");
    let deleted = tokio::time::timeout(PATIENCE, bench.engine().delete(flood.id())).await;
    deleted
        .expect("it does not take for ever")
        .expect("it is deleted");
}

/// Thousands of files in deep directories are deleted with their sandbox.
pub async fn a_great_many_files_are_deleted(bench: Bench) {
    let sandbox = bench.running().await;
    let made = sandbox
        .read(
            "cd /tmp; for d in $(seq 40); do mkdir d; cd d; touch $(seq 100); done; find /tmp -type f | wc -l",
        )
        .await;
    assert_eq!(made, "4000");
    let deleted = tokio::time::timeout(PATIENCE, bench.engine().delete(sandbox.id())).await;
    deleted
        .expect("it does not take for ever")
        .expect("it is deleted");
}

/// Volumes that an image names are the sandbox's, wherever they claim to be.
pub async fn volumes_of_an_image_are_nothing_of_the_hosts(bench: Bench) {
    let mut image = TestImage::unique();
    image.volumes = words(&["/data", "/tmp/../etc/inner"]);
    let reference = bench.import(&image).await;
    let mut spec = bench.spec();
    spec.image = reference;
    let sandbox = bench.create(spec).await;
    let name = format!("ctnr-contract-{}", unique());
    sandbox
        .read(&format!(
            "mkdir -p /data /etc/inner; echo x > /data/{name}; echo x > /etc/inner/{name}"
        ))
        .await;
    for place in ["/data", "/etc/inner", "/etc"] {
        assert!(!PathBuf::from(place).join(&name).exists(), "{place}");
    }
    bench.discard(&sandbox, &image).await;
}
