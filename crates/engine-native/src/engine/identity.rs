//! What the user that runs the engine may do on this host.

use ctnr_engine::{EngineError, Result};

use crate::cgroup;
use crate::protocol::IdMap;

/// The first host id that is given to a sandbox: past those of people and of the host's services,
/// and within what systemd leaves to containers (`systemd.io/UIDS-GIDS`).
const FIRST_ID: u32 = 0x1000_0000;

/// The ids of each sandbox.
const IDS_EACH: u32 = 0x1_0000;

/// The rights that the engine has.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    /// Whether it is root with all that an engine needs of that.
    pub(super) privileged: bool,
    /// Whether it can limit sandboxes.
    pub(super) limits: bool,
    uid: u32,
    gid: u32,
}

impl Identity {
    /// Finds out by trying.
    pub(super) fn find() -> Result<Self> {
        let uid = rustix::process::geteuid();
        if let Ok(limit) = std::fs::read_to_string("/proc/sys/user/max_user_namespaces")
            && limit.trim() == "0"
        {
            return Err(EngineError::Unavailable(
                "the native engine needs user namespaces, and this host allows none: set the sysctl user.max_user_namespaces, or use the engine docker".to_owned(),
            ));
        }
        let privileged = uid.is_root();
        Ok(Self {
            privileged,
            limits: privileged && cgroup::is_usable(),
            uid: uid.as_raw(),
            gid: rustix::process::getegid().as_raw(),
        })
    }

    /// The ids of files that are shared as they are by all sandboxes, on the disk.
    pub(super) fn shared_ids(&self) -> IdMap {
        if self.privileged {
            IdMap::Range { first: 0 }
        } else {
            self.ids(0)
        }
    }

    /// The ids of the sandbox with this number.
    pub(super) fn ids(&self, index: u32) -> IdMap {
        if self.privileged {
            IdMap::Range {
                first: FIRST_ID + index * IDS_EACH,
            }
        } else {
            IdMap::Single {
                uid: self.uid,
                gid: self.gid,
            }
        }
    }
}
