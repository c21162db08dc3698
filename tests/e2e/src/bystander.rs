//! A folder of the host that has nothing to do with any sandbox.

use tempfile::TempDir;

/// A folder of the host that nothing in a sandbox may reach, by any way of naming it.
#[derive(Debug)]
pub struct Bystander {
    folder: TempDir,
}

impl Bystander {
    /// One with a file `secret`, which says `untouched`.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("secret"), "untouched").expect("it is as it was made");
        // What a mount or a write on its way would be stopped by rights, which must not be why.
        std::fs::set_permissions(
            folder.path(),
            std::os::unix::fs::PermissionsExt::from_mode(0o777),
        )
        .expect("it is as it was made");
        Self { folder }
    }

    /// Its path.
    pub fn path(&self) -> &str {
        self.folder.path().to_str().expect("it is as it was made")
    }

    /// The same, up to the root from anywhere and down again.
    pub fn relative(&self) -> String {
        format!("{}{}", "../".repeat(30), &self.path()[1..])
    }

    /// Fails where anything of it was changed, or mounted on.
    #[track_caller]
    pub fn assert_untouched(&self, what: &str) {
        let names: Vec<_> = std::fs::read_dir(self.folder.path())
            .expect("it is there")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(names, ["secret"], "{what}");
        let secret =
            std::fs::read(self.folder.path().join("secret")).expect("it is as it was made");
        assert_eq!(secret, b"untouched", "{what}");
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("it is as it was made");
        assert!(!mounts.contains(self.path()), "{what}: a mount on the host");
    }
}

impl Default for Bystander {
    fn default() -> Self {
        Self::new()
    }
}
