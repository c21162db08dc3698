//! The data directory, and the lock that gives it to one process.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::{AgentError, Result};

/// Where everything of this installation is kept, owned by this process while the value lives.
///
/// The lock is the kernel's (`flock(2)` on `lock`), so it ends with the process however that ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    installation: String,
    _lock: File,
}

impl DataDir {
    /// The directory where none is named: `/var/lib/ctnr` for root, else `$XDG_DATA_HOME/ctnr`,
    /// else `~/.local/share/ctnr`.
    ///
    /// # Errors
    /// [`AgentError::NoDataDir`] for an ordinary user without a home.
    pub fn default_path() -> Result<PathBuf> {
        if rustix::process::geteuid().is_root() {
            return Ok(PathBuf::from("/var/lib/ctnr"));
        }
        let absolute = |name| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        absolute("XDG_DATA_HOME")
            .or_else(|| Some(absolute("HOME")?.join(".local/share")))
            .map(|base| base.join("ctnr"))
            .ok_or(AgentError::NoDataDir)
    }

    /// Makes the directory where it is missing, for its owner alone.
    ///
    /// # Errors
    /// [`AgentError::DataDir`].
    pub fn make(path: &Path) -> Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| AgentError::DataDir {
                path: path.to_owned(),
                doing: "making it",
                cause: error.to_string(),
            })
    }

    /// Makes the directory where it is missing, and claims to be the one agent that reports for it,
    /// for as long as the file is open. Whoever holds the host is not affected.
    ///
    /// # Errors
    /// [`AgentError::AgentRuns`] while another agent does, and [`AgentError::DataDir`].
    pub fn claim_agent(path: &Path) -> Result<File> {
        Self::make(path)?;
        lock_file(path, "agent.lock")?.map_err(|holder| AgentError::AgentRuns {
            path: path.to_owned(),
            holder,
        })
    }

    /// Makes the directory where it is missing, for its owner alone, and takes its lock.
    ///
    /// # Errors
    /// [`AgentError::Locked`] while another process has it, and [`AgentError::DataDir`].
    pub fn open(path: &Path) -> Result<Self> {
        Self::make(path)?;
        let lock = lock_file(path, "lock")?.map_err(|holder| AgentError::Locked {
            path: path.to_owned(),
            holder,
        })?;
        let installation = installation(&path.join("installation"))
            .map_err(failed(path, "reading its identity"))?;
        Ok(Self {
            path: path.to_owned(),
            installation,
            _lock: lock,
        })
    }

    /// The name of the installation of a directory that another process owns.
    ///
    /// # Errors
    /// [`AgentError::DataDir`].
    pub fn installation_of(path: &Path) -> Result<String> {
        const LOOKS: u32 = 100;
        let file = path.join("installation");
        // The owner may be at its very first start, and draws the name right after its lock.
        for _ in 0..LOOKS {
            if file.exists() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let read = match file.exists() {
            true => installation(&file),
            false => Err(std::io::ErrorKind::NotFound.into()),
        };
        read.map_err(|error| AgentError::DataDir {
            path: path.to_owned(),
            doing: "reading its identity",
            cause: error.to_string(),
        })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of this installation: 32 hexadecimal digits, drawn when the directory was first
    /// used. What an engine keeps outside of the directory carries it as its mark.
    pub fn installation(&self) -> &str {
        &self.installation
    }
}

fn failed(path: &Path, doing: &'static str) -> impl Fn(std::io::Error) -> AgentError {
    move |error| AgentError::DataDir {
        path: path.to_owned(),
        doing,
        cause: error.to_string(),
    }
}

/// Locks a file of the directory and writes this process into it, or gives the one that has it.
fn lock_file(path: &Path, name: &str) -> Result<std::result::Result<File, String>> {
    let mut lock = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path.join(name))
        .map_err(failed(path, "opening its lock"))?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(Err(holder(&mut lock))),
        Err(error) => return Err(failed(path, "locking it")(error.into())),
    }
    write_holder(&mut lock).map_err(failed(path, "writing its lock"))?;
    Ok(Ok(lock))
}

/// Who holds the lock, as far as the holder wrote it.
fn holder(lock: &mut File) -> String {
    let mut text = String::new();
    match lock.take(32).read_to_string(&mut text) {
        Ok(_) if text.trim().parse::<u32>().is_ok() => format!("process {}", text.trim()),
        _ => "another process".to_owned(),
    }
}

fn write_holder(lock: &mut File) -> std::io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{}", std::process::id())
}

/// Reads the installation's name, or draws and keeps one. The file appears whole or not at all,
/// since a half-written name would be taken for another installation's.
fn installation(path: &Path) -> std::io::Result<String> {
    let is_name = |text: &str| text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    match std::fs::read_to_string(path) {
        Ok(text) if is_name(text.trim()) => return Ok(text.trim().to_owned()),
        Ok(_) => {
            return Err(std::io::Error::other(format!(
                "{} does not hold 32 hexadecimal digits",
                path.display()
            )));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let name = format!("{:032x}", rand::random::<u128>());
    let temporary = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    writeln!(file, "{name}")?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn one_owner_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/data");
        let first = DataDir::open(&path).unwrap();
        let error = DataDir::open(&path).unwrap_err();
        let own = format!("process {}", std::process::id());
        assert!(error.to_string().contains(&own), "{error}");
        drop(first);
        DataDir::open(&path).unwrap();
    }

    #[test]
    fn one_agent_at_a_time_beside_whoever_owns_it() {
        let parent = tempfile::tempdir().unwrap();
        let _owner = DataDir::open(parent.path()).unwrap();
        let agent = DataDir::claim_agent(parent.path()).unwrap();
        let error = DataDir::claim_agent(parent.path()).unwrap_err();
        assert!(matches!(error, AgentError::AgentRuns { .. }), "{error}");
        drop(agent);
        DataDir::claim_agent(parent.path()).unwrap();
    }

    #[test]
    fn the_name_stays_and_others_may_not_look() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let name = DataDir::open(&path).unwrap().installation().to_owned();
        assert_eq!(name.len(), 32);
        assert_eq!(DataDir::open(&path).unwrap().installation(), name);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_damaged_name_is_an_error_and_not_a_further_installation() {
        let parent = tempfile::tempdir().unwrap();
        drop(DataDir::open(parent.path()).unwrap());
        std::fs::write(parent.path().join("installation"), "abc").unwrap();
        assert!(matches!(
            DataDir::open(parent.path()),
            Err(AgentError::DataDir { .. })
        ));
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = DataDir::open(&file.join("data")).unwrap_err().to_string();
        assert!(error.contains("file/data") && error.contains("CONTAINERS_DATA_DIR"));
    }
}
