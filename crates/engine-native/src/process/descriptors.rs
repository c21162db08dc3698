//! The limit on open descriptors, which engine and supervisors need high and programs get as it was.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit that the process was started with.
static ORIGINAL: OnceLock<Rlimit> = OnceLock::new();

/// Raises the soft limit to the hard one. An engine needs a descriptor for each sandbox that runs, a
/// supervisor six for each connection to a published port.
pub(crate) fn raise_descriptor_limit() {
    let original = *ORIGINAL.get_or_init(|| getrlimit(Resource::Nofile));
    // Where it can't be raised, fewer connections are served at once.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: original.maximum,
            ..original
        },
    );
}

/// The soft limit that the process was started with; `u64::MAX` for none.
pub(crate) fn original_descriptor_limit() -> u64 {
    let original = ORIGINAL.get_or_init(|| getrlimit(Resource::Nofile));
    original.current.unwrap_or(u64::MAX)
}

/// Takes over the soft limit that an engine was started with, for its launcher.
pub(crate) fn set_original_descriptor_limit(soft: u64) {
    let limit = getrlimit(Resource::Nofile);
    let _ = ORIGINAL.set(Rlimit {
        current: (soft != u64::MAX).then_some(soft),
        ..limit
    });
}

/// Sets the limit back, for a process that becomes a program. Programs that close every descriptor
/// they may have take long with a high one.
pub(crate) fn restore_descriptor_limit() {
    if let Some(original) = ORIGINAL.get() {
        let _ = setrlimit(Resource::Nofile, *original);
    }
}
