//! The files that tell a sandbox its name and its name servers.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::{Mode, OFlags};

/// Writes `/etc/hostname`, `/etc/hosts` and `/etc/resolv.conf` of the root that the process is
/// in, with the rights of that sandbox's root user. A symlink in their place is replaced.
///
/// An image in which they can't be written gets none of them: its programs still run.
pub(crate) fn write_network_files(hostname: &str, addresses: &[String], resolv_conf: &str) {
    let mut hosts = String::from(
        "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n",
    );
    for address in addresses {
        hosts.push_str(&format!("{address}\t{hostname}\n"));
    }
    if addresses.is_empty() {
        hosts.push_str(&format!("127.0.0.1\t{hostname}\n"));
    }
    let files = [
        ("/etc/hostname", format!("{hostname}\n")),
        ("/etc/hosts", hosts),
        ("/etc/resolv.conf", resolv_conf.to_owned()),
    ];
    for (path, text) in files {
        if let Err(error) = replace(path, &text) {
            tracing::debug!(path, %error, "a network file was not written");
        }
    }
}

fn replace(path: &str, text: &str) -> io::Result<()> {
    if !fs::symlink_metadata("/etc").is_ok_and(|metadata| metadata.is_dir()) {
        rustix::fs::mkdir("/etc", Mode::from_raw_mode(0o755))?;
    }
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => fs::remove_file(path)?,
        _ => {}
    }
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o644)
        .custom_flags(i32::try_from(flags.bits()).unwrap_or(0))
        .open(path)?
        .write_all(text.as_bytes())
}
