//! Writing a log.

use std::fs::{self, File};
use std::io::{self, IoSlice, Write};
use std::path::{Path, PathBuf};

use ctnr_engine::OutputStream;
use jiff::Timestamp;

use super::record::{Head, MAX_DATA};
use super::{CURRENT, MAX_FILE, PREVIOUS};

/// Appends what a program puts out to the files in a directory.
pub(crate) struct LogWriter {
    directory: PathBuf,
    file: File,
    written: u64,
}

impl LogWriter {
    /// Goes on with the log in `directory`.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        let file = File::options()
            .append(true)
            .create(true)
            .open(directory.join(CURRENT))?;
        let written = file.metadata()?.len();
        Ok(Self {
            directory: directory.to_owned(),
            file,
            written,
        })
    }

    /// Appends `data`.
    ///
    /// # Errors
    /// Where the disk is full; what could be written of it is whole, so the log stays readable.
    pub(crate) fn write(&mut self, stream: OutputStream, data: &[u8]) -> io::Result<()> {
        let nanoseconds = u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(0);
        for data in data.chunks(MAX_DATA) {
            if self.written >= MAX_FILE {
                self.rotate()?;
            }
            let head = Head {
                nanoseconds,
                len: data.len(),
                stream,
            }
            .to_bytes();
            let whole = head.len() + data.len();
            let result = self
                .file
                .write_vectored(&[IoSlice::new(&head), IoSlice::new(data)]);
            match result {
                Ok(count) if count == whole => self.written += whole as u64,
                cut => {
                    // Without the part of a record, later ones can still be read.
                    self.file.set_len(self.written)?;
                    cut?;
                    return Err(io::ErrorKind::StorageFull.into());
                }
            }
        }
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        fs::rename(self.directory.join(CURRENT), self.directory.join(PREVIOUS))?;
        *self = Self::open(&self.directory)?;
        Ok(())
    }
}
