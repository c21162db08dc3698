//! Wine without containers, from the same packages, to compare with.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ctnr_wine::layout;

use crate::process::Run;

const SCRIPT: &str = include_str!("bare-wine.sh");

/// The times of bare Wine.
pub(super) struct BareWine {
    /// Making a prefix.
    pub(super) init: Duration,
    /// A program, with no server running before it.
    pub(super) cold: Vec<Duration>,
    /// A program, with the server and its services running.
    pub(super) warm: Vec<Duration>,
}

impl BareWine {
    /// Unpacks the runtime below `folder` and measures in it, in namespaces of its own.
    pub(super) fn measure(layer: &Path, folder: &Path, rounds: u32) -> Result<Self> {
        let root = folder.join("bare-wine");
        fs::create_dir(&root).with_context(|| format!("cannot make {root:?}"))?;
        let file = File::open(layer).with_context(|| format!("cannot open {layer:?}"))?;
        let mut tar = tar::Archive::new(file);
        tar.set_preserve_ownerships(true);
        tar.unpack(&root)
            .with_context(|| format!("cannot unpack the runtime below {root:?}"))?;
        let script = root.join("bare-wine.sh");
        fs::write(&script, SCRIPT).with_context(|| format!("cannot write {script:?}"))?;
        let user = layout::UID.to_string();
        let enter = format!(
            "mount -t proc proc {root}/proc && mount --rbind /dev {root}/dev && \
             mount -t tmpfs -o mode=1777 tmp {root}/tmp && exec chroot {root} setpriv --reuid {user} \
             --regid {user} --clear-groups env -i {} sh /bare-wine.sh {rounds}",
            layout::ENVIRONMENT
                .map(|(name, value)| format!("'{name}={value}'"))
                .join(" "),
            root = root.display(),
        );
        let printed = Run::new("unshare")
            .args(["--pid", "--mount", "--fork", "--kill-child", "sh", "-c"])
            .arg(enter)
            .capture()?;
        let times = |name: &str| -> Vec<Duration> {
            let of_name = |line: &str| line.strip_prefix(name)?.trim().parse().ok();
            printed
                .lines()
                .filter_map(of_name)
                .map(Duration::from_micros)
                .collect()
        };
        let (cold, warm) = (times("cold "), times("warm "));
        let Some(init) = times("init ").first().copied() else {
            bail!("bare Wine measured nothing:\n{printed}");
        };
        Ok(Self { init, cold, warm })
    }
}
