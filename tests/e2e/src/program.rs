//! Where the built binaries are, and the processes that they have become.

use std::fs;
use std::path::PathBuf;

/// A built binary: of `CTNR_TEST_BIN_DIR`, else of the folder that the test itself was built into.
///
/// # Panics
/// When it was not built.
pub fn built(name: &str) -> PathBuf {
    let folder = match std::env::var_os("CTNR_TEST_BIN_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => {
            let test = std::env::current_exe().expect("the test has a path");
            let deps = test.parent().expect("it is in a folder");
            deps.parent().expect("deps is in a folder").to_owned()
        }
    };
    let path = folder.join(name);
    assert!(
        path.is_file(),
        "{path:?} was not built: run `cargo xtask test`, or `cargo build --bins` first"
    );
    path
}

/// The launcher of the backend with this process id.
pub fn launcher_of(backend: u32) -> Option<u32> {
    children_of(backend).into_iter().find(|pid| {
        fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| line.split(|byte| *byte == 0).next() == Some(b"ctnr-launcher"))
    })
}

fn children_of(parent: u32) -> Vec<u32> {
    pids()
        .into_iter()
        .filter(|pid| parent_of(*pid) == Some(parent))
        .collect()
}

/// All processes.
pub(crate) fn pids() -> Vec<u32> {
    fs::read_dir("/proc")
        .expect("/proc is readable")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

/// The parent of a process.
pub(crate) fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; the state and the parent follow it.
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(1)?.parse().ok()
}
