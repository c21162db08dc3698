//! Who is ended first when memory runs out.

use std::fs;
use std::io;

/// How much more than by its size a sandbox's process is preferred, in thousandths of the memory
/// that has run out (`proc(5)`, `oom_score_adj`).
const PREFERENCE: &str = "500";

/// Has the kernel end a child rather than its supervisor or the host's own.
pub(crate) fn prefer_for_oom(child: u32) -> io::Result<()> {
    fs::write(format!("/proc/{child}/oom_score_adj"), PREFERENCE)
}

/// The same for the calling process, whose number on the host it does not know where it is one of
/// the sandbox's processes already.
pub(crate) fn prefer_self_for_oom() -> io::Result<()> {
    fs::write("/proc/self/oom_score_adj", PREFERENCE)
}
