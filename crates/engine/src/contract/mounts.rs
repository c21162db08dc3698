//! Directories of the host in sandboxes.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use ctnr_model::{FileOwner, HostMount, HostPath, MountAccess, SandboxSpec};

use super::Bench;
use super::bench::{assert_unsupported, error};
use super::files::read;
use super::host::HostDirectory;
use crate::{Capability, EngineError};

impl Bench {
    /// A spec for a sandbox with directories of the host.
    pub(super) fn with_mounts(&self, mounts: &[HostMount]) -> SandboxSpec {
        SandboxSpec {
            mounts: mounts.to_vec(),
            ..self.spec()
        }
    }

    /// Whether the engine mounts nothing of the host; then it says so.
    pub(super) async fn refuses_mounts(&self, mount: HostMount) -> bool {
        if self.has(Capability::HostMounts) {
            return false;
        }
        let made = self.try_create(self.with_mounts(&[mount])).await;
        assert_unsupported(made, Capability::HostMounts);
        true
    }
}

/// A directory that may be read is read, and never written to.
pub async fn a_read_only_directory_is_read(bench: Bench) {
    let host = HostDirectory::new();
    host.write("f", "the host's");
    let mount = host.mount("/data/in/depth", MountAccess::ReadOnly);
    if bench.refuses_mounts(mount.clone()).await {
        return;
    }
    let mut sandbox = bench.create(bench.with_mounts(&[mount])).await;
    for _ in 0..2 {
        assert_eq!(
            host.read(&sandbox, "cat /data/in/depth/f").await,
            "the host's"
        );
        for script in [
            "echo x > f",
            "echo x > new",
            "rm f",
            "chmod 777 .",
            "mkdir d",
        ] {
            let output = host
                .sh(&sandbox, &format!("cd /data/in/depth; {script}"))
                .await;
            assert_ne!(output.status.code, 0, "{script}: {output:?}");
            let output = sandbox.sh(&format!("cd /data/in/depth; {script}")).await;
            assert_ne!(output.status.code, 0, "{script}: {output:?}");
        }
        // It is there again after a stop, and what the host changes is seen.
        sandbox.stop().await;
        sandbox.start().await;
    }
    host.write("f", "changed");
    assert_eq!(host.read(&sandbox, "cat /data/in/depth/f").await, "changed");
}

/// What is written to a directory belongs to its owner on the host.
pub async fn a_directory_is_written_to(bench: Bench) {
    let host = HostDirectory::new();
    host.write("f", "the host's");
    let mount = host.mount("/data", MountAccess::ReadWrite);
    if bench.refuses_mounts(mount.clone()).await {
        return;
    }
    let sandbox = bench.create(bench.with_mounts(&[mount])).await;
    let seen = host
        .read(
            &sandbox,
            "cd /data; echo new > new; mkdir -m 700 d; echo more >> f; ln -s /etc/passwd l
             stat -c %u:%g . f new d; mv new moved; cat moved",
        )
        .await;
    let FileOwner { uid, gid } = host.owner;
    assert_eq!(seen, format!("{}new", format!("{uid}:{gid}\n").repeat(4)));
    for name in ["moved", "d", "f", "l"] {
        let found = fs::symlink_metadata(host.path.join(name)).expect("it is there");
        let owner = FileOwner {
            uid: found.uid(),
            gid: found.gid(),
        };
        assert_eq!(owner, host.host, "{name}");
    }
    let text = fs::read_to_string(host.path.join("f")).expect("it is read");
    assert_eq!(text, "the host'smore\n");
    bench
        .engine()
        .delete(sandbox.id())
        .await
        .expect("it is deleted");
    assert!(host.path.join("moved").is_file());
}

/// What others have in a directory of the host is nobody's in the sandbox, and devices and
/// set-user-id bits in it are dead.
pub async fn others_files_are_nobodys(bench: Bench) {
    let host = HostDirectory::new();
    let mount = host.mount("/data", MountAccess::ReadWrite);
    if bench.refuses_mounts(mount.clone()).await {
        return;
    }
    let open = host.write("open", "for all");
    let closed = host.write("closed", "for its owner");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o600)).expect("a mode");
    let as_root = host.host.uid == 4321;
    if as_root {
        chown(&open, Some(0), Some(0)).expect("it is root's");
        chown(&closed, Some(0), Some(0)).expect("it is root's");
    }
    let sandbox = bench.create(bench.with_mounts(&[mount])).await;
    if as_root {
        let seen = host
            .read(&sandbox, "cd /data; stat -c %u:%g open closed; cat open")
            .await;
        assert_eq!(seen, "65534:65534\n65534:65534\nfor all");
        // Not even root of the sandbox may do to it what its mode does not allow.
        for script in [
            "cat closed",
            "chown 0:0 open",
            "chmod 666 open",
            "echo x > open",
        ] {
            for output in [
                host.sh(&sandbox, &format!("cd /data; {script}")).await,
                sandbox.sh(&format!("cd /data; {script}")).await,
            ] {
                assert_ne!(output.status.code, 0, "{script}: {output:?}");
            }
        }
    }
    let options = sandbox.read("grep ' /data ' /proc/self/mounts").await;
    for option in ["nosuid", "nodev"] {
        assert!(options.contains(option), "{options}");
    }
    assert!(!options.contains("noexec"), "{options}");
}

/// A copied directory is the host's until it is written to, and the host's stays as it is.
pub async fn a_copied_directory_stays_as_it_is(bench: Bench) {
    let host = HostDirectory::new();
    host.write("f", "the host's");
    host.write("gone", "the host's");
    let mount = host.mount("/data", MountAccess::CopyOnWrite);
    if bench.refuses_mounts(mount.clone()).await {
        return;
    }
    let mut sandbox = bench
        .create(bench.with_mounts(std::slice::from_ref(&mount)))
        .await;
    host.read(
        &sandbox,
        "cd /data; echo more >> f; rm gone; mkdir d; echo new > d/new; chmod 700 .",
    )
    .await;
    let seen = "cd /data; cat f d/new; ls; stat -c %u:%g:%a . f d";
    let FileOwner { uid, gid } = host.owner;
    let expected =
        format!("the host'smore\nnew\nd\nf\n{uid}:{gid}:700\n{uid}:{gid}:644\n{uid}:{gid}:755");
    assert_eq!(host.read(&sandbox, seen).await, expected);
    sandbox.stop().await;
    if bench.has(Capability::FilesWhileStopped) {
        let files = sandbox.files().await;
        let text = read(files.as_ref(), "/data/f").await;
        assert_eq!(text.expect("it is read"), "the host'smore\n");
    }
    sandbox.start().await;
    assert_eq!(host.read(&sandbox, seen).await, expected);
    if bench.has(Capability::Layers) {
        // It goes with the sandbox's other files, and belongs to one place in the sandbox.
        let layer = bench.frozen(&sandbox).await;
        let mut spec = bench.with_mounts(&[mount, host.mount("/other", MountAccess::CopyOnWrite)]);
        spec.layers = vec![layer];
        let (one, two) = (bench.create(spec.clone()).await, {
            let own = bench.spec();
            bench
                .create(SandboxSpec {
                    id: own.id,
                    name: own.name,
                    ..spec
                })
                .await
        });
        host.read(&one, "echo again >> /data/d/new").await;
        assert_eq!(host.read(&two, seen).await, expected);
        assert_eq!(
            host.read(&two, "cd /other; cat f; ls").await,
            "the host'sf\ngone"
        );
    }
    let mut names: Vec<_> = fs::read_dir(&host.path)
        .expect("it is listed")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["f", "gone"]);
    let text = fs::read_to_string(host.path.join("f")).expect("it is read");
    assert_eq!(text, "the host's");
}

/// A source that is no directory of its own name is refused, and leaves nothing.
pub async fn a_source_is_a_directory_itself(bench: Bench) {
    let host = HostDirectory::new();
    let mount = host.mount("/data", MountAccess::ReadWrite);
    if bench.refuses_mounts(mount.clone()).await {
        return;
    }
    host.write("file", "");
    fs::create_dir_all(host.path.join("real/below")).expect("directories");
    symlink("real", host.path.join("link")).expect("a link");
    symlink("/etc", host.path.join("etc")).expect("a link");
    for name in ["file", "missing", "link", "etc", "link/below", "file/below"] {
        let source = host.path.join(name);
        let source = HostPath::parse(source.to_str().expect("a path of text"));
        let mount = HostMount {
            source: source.expect("a path on the host"),
            ..mount.clone()
        };
        let spec = bench.with_mounts(&[mount]);
        let id = spec.id.clone();
        let refused = error(bench.try_create(spec).await);
        assert!(
            matches!(refused, EngineError::BadRequest(_)),
            "{name}: {refused}"
        );
        let left = error(bench.engine().status(&id).await);
        assert!(matches!(left, EngineError::SandboxNotFound), "{left}");
    }
    for target in ["/", "/proc", "/dev/x", "/sys"] {
        let mount = host.mount(target, MountAccess::ReadOnly);
        let refused = error(bench.try_create(bench.with_mounts(&[mount])).await);
        assert!(
            matches!(refused, EngineError::BadRequest(_)),
            "{target}: {refused}"
        );
    }
}

/// A target is looked up in the sandbox, whatever links the image or an earlier run has put there.
pub async fn a_target_stays_inside(bench: Bench) {
    let host = HostDirectory::new();
    host.write("f", "the host's");
    let beside = HostDirectory::new();
    let outside = beside.path.to_str().expect("a path of text");
    let mount = host.mount("/link/sub", MountAccess::ReadOnly);
    if bench.refuses_mounts(mount.clone()).await {
        return;
    }
    if !bench.has(Capability::Layers) {
        return;
    }
    for link in [
        outside,
        &format!("../../../../..{outside}"),
        "/proc/self/root",
        "/proc/1",
    ] {
        let before = bench.running().await;
        before.read(&format!("ln -s {link} /link")).await;
        let mut spec = bench.with_mounts(std::slice::from_ref(&mount));
        spec.layers = vec![bench.frozen(&before).await];
        // Inside, the link leads to a directory that is not there: it is not made through it.
        let made = bench.try_create(spec).await;
        if let Err(refused) = made {
            assert!(
                matches!(refused, EngineError::BadRequest(_)),
                "{link}: {refused}"
            );
        }
        let left = fs::read_dir(outside).expect("it is listed").count();
        assert_eq!(left, 0, "{link}");
    }
    let before = bench.running().await;
    before
        .read("mkdir -p /real/sub; ln -s ../../../real /link")
        .await;
    let mut spec = bench.with_mounts(&[mount]);
    spec.layers = vec![bench.frozen(&before).await];
    let sandbox = bench.create(spec).await;
    assert_eq!(
        host.read(&sandbox, "cat /real/sub/f /link/sub/f").await,
        "the host'sthe host's"
    );
}
