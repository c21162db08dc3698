//! Keeps freshly installed services from starting on machines without a service manager.
//!
//! In a container or a build machine without systemd, Debian's packages of PostgreSQL and Docker
//! start their servers through init scripts, and nothing would ever stop them. Debian's way to
//! say no is a `policy-rc.d` that answers 101; it is there only while packages are installed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

const POLICY: &str = "/usr/sbin/policy-rc.d";

/// While it lives, installing a package starts no service.
pub(crate) struct ServicesStayDown {
    ours: bool,
}

impl ServicesStayDown {
    /// Does nothing under systemd, without root, or where the machine has a policy of its own.
    pub(crate) fn begin(root: bool) -> Result<Self> {
        let managed = Path::new("/run/systemd/system").exists();
        let policy = Path::new(POLICY);
        if managed || !root || policy.exists() || !Path::new("/usr/sbin").is_dir() {
            return Ok(Self { ours: false });
        }
        fs::write(policy, "#!/bin/sh\nexit 101\n")
            .with_context(|| format!("cannot write {POLICY}"))?;
        fs::set_permissions(policy, fs::Permissions::from_mode(0o755))
            .with_context(|| format!("cannot make {POLICY} executable"))?;
        Ok(Self { ours: true })
    }
}

impl Drop for ServicesStayDown {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = fs::remove_file(POLICY)
        {
            crate::console::note(format!(
                "cannot remove {POLICY}, remove it by hand: {error}"
            ));
        }
    }
}
