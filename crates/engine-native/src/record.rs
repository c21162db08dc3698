//! The state file of a sandbox: what its supervisor knows, for an engine that comes later.

use std::fs;
use std::io;
use std::path::Path;

use crate::protocol::SandboxRecord;

/// The form of the file that this version writes.
pub(crate) const VERSION: u32 = 1;

/// The file's name in the sandbox's directory.
const FILE: &str = "state.json";

/// Writes the file: it is there as a whole or not at all.
pub(crate) fn write(directory: &Path, record: &SandboxRecord) -> io::Result<()> {
    let temporary = directory.join("state.json.tmp");
    fs::write(&temporary, serde_json::to_vec(record)?)?;
    fs::rename(temporary, directory.join(FILE))
}

/// Reads the file; `None` where the sandbox was never started.
///
/// # Errors
/// Where it can't be read, or a later version wrote it.
pub(crate) fn read(directory: &Path) -> io::Result<Option<SandboxRecord>> {
    let bytes = match fs::read(directory.join(FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        result => result?,
    };
    let record: SandboxRecord = serde_json::from_slice(&bytes)?;
    if record.version == VERSION {
        Ok(Some(record))
    } else {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!(
                "its state has version {}, and this program knows {VERSION}",
                record.version
            ),
        ))
    }
}

/// The id of the host's current boot, which process ids are unique in.
pub(crate) fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?
        .trim()
        .to_owned())
}
