//! The profile that the programs of sandboxes run under, by what this host's kernel can do.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::OnceLock;

use super::Filter;

/// Compiles the filters of [`install`]. To be called before the fork, since compiling allocates.
pub fn prepare() {
    Filter::default_profile();
    if brokers() {
        Filter::brokered_profile();
    }
}

/// Puts the filter for a sandbox's program in force. Where it asks about calls, what is returned is
/// the descriptor of its [`Listener`](super::Listener), to be closed at `exec`.
///
/// # Errors
/// As [`Filter::install`].
pub fn install() -> io::Result<Option<OwnedFd>> {
    if brokers() {
        match Filter::brokered_profile().install_asking() {
            // The engine is itself under a filter that asks, and there can be no second one.
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {}
            result => return result.map(Some),
        }
    }
    Filter::default_profile().install()?;
    Ok(None)
}

/// Whether calls that need a broker exist here, and the kernel lets one answer them: giving a
/// descriptor and an answer in one step came with Linux 5.14.
fn brokers() -> bool {
    static BROKERS: OnceLock<bool> = OnceLock::new();
    *BROKERS.get_or_init(|| {
        let release = rustix::system::uname()
            .release()
            .to_string_lossy()
            .into_owned();
        cfg!(target_arch = "x86_64") && version(&release) >= Some((5, 14))
    })
}

/// The first two numbers of a kernel's release.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_read() {
        assert_eq!(version("6.18.5-arch1"), Some((6, 18)));
        assert_eq!(version("5.4+"), Some((5, 4)));
        assert!(version("5.4.0-1") < Some((5, 14)));
        assert_eq!(version("strange"), None);
    }
}
