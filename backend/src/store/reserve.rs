//! Room on a SQLite file's disk that is kept for removals.
//!
//! Removing a sandbox from a full disk has to be written down first, and that takes room too. A
//! file beside the database holds some: a piece of it is given up where a removal finds none, and
//! taken again when there is room.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How much is kept.
const SIZE: u64 = 4 << 20;

/// How much of it is given up at a time: more than the pages that a removal adds to the write-ahead
/// log, and not all of it, since whatever filled the disk may take what is given up.
const PIECE: u64 = 256 << 10;

/// The file that holds the room.
#[derive(Clone, Debug)]
pub(super) struct Reserve {
    file: PathBuf,
}

impl Reserve {
    /// The reserve of a database file.
    pub(super) fn beside(database: &Path) -> Self {
        let mut file = OsString::from(database);
        file.push("-reserve");
        Self { file: file.into() }
    }

    /// Takes the room. A disk that has none left is no fault: it is tried again.
    pub(super) fn fill(&self) {
        if fs::metadata(&self.file).is_ok_and(|file| file.len() == SIZE) {
            return;
        }
        if let Err(error) = self.write() {
            tracing::debug!(%error, "the room for removals is not all there");
        }
    }

    fn write(&self) -> io::Result<()> {
        // Bytes that no file system can make smaller.
        let mut piece = vec![0; 256 << 10];
        rand::fill(&mut piece[..]);
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.file)?;
        while file.metadata()?.len() < SIZE {
            file.write_all(&piece)?;
        }
        file.set_len(SIZE)?;
        file.sync_all()
    }

    /// Gives a piece of the room up, and answers whether there was one.
    pub(super) fn release(&self) -> bool {
        let shorten = || -> io::Result<bool> {
            let file = OpenOptions::new().write(true).open(&self.file)?;
            let length = file.metadata()?.len();
            file.set_len(length.saturating_sub(PIECE))?;
            Ok(length > 0)
        };
        shorten().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_and_given_up_by_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::beside(&folder.path().join("x.db"));
        let length = || {
            fs::metadata(folder.path().join("x.db-reserve"))
                .unwrap()
                .len()
        };
        assert!(!reserve.release());
        reserve.fill();
        assert_eq!(length(), SIZE);
        assert!(reserve.release());
        assert_eq!(length(), SIZE - PIECE);
        reserve.fill();
        assert_eq!(length(), SIZE);
        while length() > 0 {
            assert!(reserve.release());
        }
        assert!(!reserve.release());
    }

    #[test]
    fn a_file_that_was_written_by_halves_is_made_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db-reserve");
        fs::write(&file, "half").unwrap();
        Reserve::beside(&folder.path().join("x.db")).fill();
        assert_eq!(fs::metadata(&file).unwrap().len(), SIZE);
    }
}
