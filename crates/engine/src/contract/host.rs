//! A directory of the host in a behaviour.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use ctnr_model::{FileOwner, HostMount, HostPath, MountAccess};

use super::Sandbox;
use super::bench::unique;
use super::sandbox::{Output, command, path};

/// A directory of the host, which is removed at the end.
pub(super) struct HostDirectory {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Who its owner is in sandboxes.
    pub(super) owner: FileOwner,
    /// Who its owner is on the host.
    pub(super) host: FileOwner,
}

impl HostDirectory {
    /// Of a user of its own where the test may make one, who is user 1000 in sandboxes; else of the
    /// user that runs the test, who is root in sandboxes.
    pub(super) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("ctnr-contract-{}", unique()));
        fs::create_dir(&path).expect("a directory is made");
        let own = path.metadata().expect("it is there");
        let as_root = own.uid() == 0;
        let host = FileOwner {
            uid: if as_root { 4321 } else { own.uid() },
            gid: if as_root { 4322 } else { own.gid() },
        };
        let id = if as_root { 1000 } else { 0 };
        let owner = FileOwner { uid: id, gid: id };
        let directory = Self { path, owner, host };
        directory.give(&directory.path);
        directory
    }

    fn give(&self, path: &Path) {
        chown(path, Some(self.host.uid), Some(self.host.gid)).expect("it is given away");
    }

    /// Writes a file of its owner.
    pub(super) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path.join(name);
        fs::write(&path, content).expect("it is written");
        self.give(&path);
        path
    }

    /// The same as a mount.
    pub(super) fn mount(&self, target: &str, access: MountAccess) -> HostMount {
        let source = self.path.to_str().expect("a path of text");
        HostMount {
            source: HostPath::parse(source).expect("a path on the host"),
            target: path(target),
            access,
            owner: self.owner,
        }
    }

    /// Runs a script as its owner.
    pub(super) async fn sh(&self, sandbox: &Sandbox, script: &str) -> Output {
        let mut spec = command(&["sh", "-c", script]);
        let user = format!("{}:{}", self.owner.uid, self.owner.gid);
        spec.user = Some(user.parse().expect("a user"));
        sandbox.run(&spec).await.expect("the script is run")
    }

    /// Runs a script as its owner that has to succeed.
    pub(super) async fn read(&self, sandbox: &Sandbox, script: &str) -> String {
        let output = self.sh(sandbox, script).await;
        assert_eq!(output.status.code, 0, "{script}: {output:?}");
        output.stdout.trim_end().to_owned()
    }
}

impl Drop for HostDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
