//! Reading a sandbox's log as a stream of lines.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use ctnr_engine::{EngineError, LogEntry, LogQuery, OutputStream, Result, Stream};
use futures::StreamExt;
use futures::stream;
use rustix::fs::inotify;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;

use super::read::LogReader;
use super::{CURRENT, PREVIOUS};

/// The longest line that is put together; a longer one comes in pieces.
const MAX_LINE: usize = 64 * 1024;

/// The lines of the log in `directory` that `query` asks for. A follower ends when `running`
/// turns false and all has been read.
pub(crate) fn read_log(
    directory: PathBuf,
    query: LogQuery,
    running: watch::Receiver<bool>,
) -> Result<Stream<Result<LogEntry>>> {
    let doing = |error: io::Error| EngineError::internal("reading the sandbox's log", error);
    // Watched before the first read, so that nothing written in between is waited for in vain.
    let changes = if query.follow {
        Some(Changes::new(&directory).map_err(doing)?)
    } else {
        None
    };
    let follower = Follower {
        directory,
        files: VecDeque::new(),
        lines: Lines::default(),
        ready: VecDeque::new(),
        query,
        changes,
        running,
    };
    let follower = follower.start().map_err(doing)?;
    Ok(stream::unfold(Some(follower), move |state| async move {
        let mut follower = state?;
        match follower.next().await {
            Ok(Some(entry)) => Some((Ok(entry), Some(follower))),
            Ok(None) => None,
            Err(error) => Some((Err(doing(error)), None)),
        }
    })
    .boxed())
}

struct Follower {
    directory: PathBuf,
    /// The files still to be read, the one that is read first.
    files: VecDeque<LogReader>,
    lines: Lines,
    ready: VecDeque<LogEntry>,
    query: LogQuery,
    changes: Option<Changes>,
    running: watch::Receiver<bool>,
}

impl Follower {
    /// Opens the files, and with `tail` reads up to where it begins.
    fn start(mut self) -> io::Result<Self> {
        for name in [PREVIOUS, CURRENT] {
            match File::open(self.directory.join(name)) {
                Ok(file) => self.files.push_back(LogReader::new(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(tail) = self.query.tail {
            while self.advance()? {
                while self.ready.len() > tail {
                    self.ready.pop_front();
                }
            }
            if self.changes.is_none() {
                self.ready.extend(self.lines.rest());
                while self.ready.len() > tail {
                    self.ready.pop_front();
                }
            }
        }
        Ok(self)
    }

    async fn next(&mut self) -> io::Result<Option<LogEntry>> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Ok(Some(entry));
            }
            // Asked before the read: what was written before the end is then read after it.
            let running = *self.running.borrow();
            if self.advance()? {
                continue;
            }
            match &mut self.changes {
                Some(changes) if running => {
                    tokio::select! {
                        change = changes.wait() => change?,
                        _ = self.running.changed() => {}
                    }
                    self.reopen()?;
                }
                _ => {
                    self.ready.extend(self.lines.rest());
                    return Ok(self.ready.pop_front());
                }
            }
        }
    }

    /// Reads a record; false where there is none.
    fn advance(&mut self) -> io::Result<bool> {
        while let Some(file) = self.files.front_mut() {
            match file.next()? {
                Some(record) => {
                    if self.wants(&record) {
                        self.ready.extend(self.lines.add(record));
                    }
                    return Ok(true);
                }
                None if self.files.len() > 1 => {
                    self.files.pop_front();
                }
                None => return Ok(false),
            }
        }
        Ok(false)
    }

    fn wants(&self, record: &LogEntry) -> bool {
        let stream = match record.stream {
            OutputStream::Stdout => self.query.stdout,
            OutputStream::Stderr => self.query.stderr,
        };
        stream
            && self.query.since.is_none_or(|since| record.time >= since)
            && self.query.until.is_none_or(|until| record.time < until)
    }

    /// Goes on to the file that took the place of the one that is read.
    fn reopen(&mut self) -> io::Result<()> {
        if self.changes.as_mut().is_some_and(Changes::take_rotation) || self.files.is_empty() {
            match File::open(self.directory.join(CURRENT)) {
                Ok(file) => self.files.push_back(LogReader::new(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Puts records together to lines, a stream at a time.
#[derive(Default)]
struct Lines {
    open: [Option<(LogEntry, BytesMut)>; 2],
}

impl Lines {
    fn add(&mut self, record: LogEntry) -> Vec<LogEntry> {
        let mut lines = Vec::new();
        let open = &mut self.open[usize::from(record.stream == OutputStream::Stderr)];
        let mut rest = record.data.clone();
        while !rest.is_empty() {
            let end = rest
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(rest.len(), |at| at + 1);
            let piece = rest.split_to(end);
            let (head, mut line) = open.take().unwrap_or_else(|| {
                (
                    LogEntry {
                        data: Bytes::new(),
                        ..record.clone()
                    },
                    BytesMut::new(),
                )
            });
            line.extend_from_slice(&piece);
            if piece.ends_with(b"\n") || line.len() >= MAX_LINE {
                lines.push(LogEntry {
                    data: line.freeze(),
                    ..head
                });
            } else {
                *open = Some((head, line));
            }
        }
        lines
    }

    /// Lines that no end of line came for.
    fn rest(&mut self) -> Vec<LogEntry> {
        let mut rest: Vec<LogEntry> = self
            .open
            .iter_mut()
            .filter_map(Option::take)
            .map(|(head, line)| LogEntry {
                data: line.freeze(),
                ..head
            })
            .collect();
        rest.sort_by_key(|entry| entry.time);
        rest
    }
}

/// Tells when the log in a directory was written to (`inotify(7)`).
struct Changes {
    inotify: AsyncFd<OwnedFd>,
    rotated: bool,
}

impl Changes {
    fn new(directory: &Path) -> io::Result<Self> {
        let inotify =
            inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
        let wanted = inotify::WatchFlags::MODIFY | inotify::WatchFlags::CREATE;
        inotify::add_watch(&inotify, directory, wanted)?;
        Ok(Self {
            inotify: crate::stream::register(inotify)?,
            rotated: false,
        })
    }

    async fn wait(&mut self) -> io::Result<()> {
        let rotated = &mut self.rotated;
        self.inotify
            .async_io(Interest::READABLE, |fd| {
                let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
                let mut events = inotify::Reader::new(fd, &mut buffer);
                let event = events.next()?;
                let made = event.events().contains(inotify::ReadFlags::CREATE);
                *rotated |= made && event.file_name().is_some_and(|name| name == c"output.log");
                Ok(())
            })
            .await
    }

    fn take_rotation(&mut self) -> bool {
        std::mem::take(&mut self.rotated)
    }
}

#[cfg(test)]
mod tests {
    use super::super::LogWriter;
    use super::*;

    fn text(entries: &[LogEntry]) -> Vec<String> {
        entries
            .iter()
            .map(|entry| String::from_utf8_lossy(&entry.data).into_owned())
            .collect()
    }

    async fn read(directory: &Path, query: LogQuery) -> Vec<LogEntry> {
        let (_sender, running) = watch::channel(false);
        let log = read_log(directory.to_owned(), query, running).unwrap();
        log.map(Result::unwrap).collect().await
    }

    #[tokio::test]
    async fn lines_are_put_together_a_stream_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = LogWriter::open(directory.path()).unwrap();
        log.write(OutputStream::Stdout, b"one\ntw").unwrap();
        log.write(OutputStream::Stderr, b"oops\n").unwrap();
        log.write(OutputStream::Stdout, b"o\nthree").unwrap();
        let all = read(directory.path(), LogQuery::default()).await;
        assert_eq!(text(&all), ["one\n", "oops\n", "two\n", "three"]);
        let tail = LogQuery {
            tail: Some(2),
            stderr: false,
            ..LogQuery::default()
        };
        assert_eq!(
            text(&read(directory.path(), tail).await),
            ["two\n", "three"]
        );
    }

    #[tokio::test]
    async fn a_follower_sees_what_comes_and_ends_with_the_program() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = LogWriter::open(directory.path()).unwrap();
        log.write(OutputStream::Stdout, b"before\n").unwrap();
        let (ended, running) = watch::channel(true);
        let query = LogQuery {
            follow: true,
            ..LogQuery::default()
        };
        let mut lines = read_log(directory.path().to_owned(), query, running).unwrap();
        assert_eq!(&lines.next().await.unwrap().unwrap().data[..], b"before\n");
        log.write(OutputStream::Stdout, b"after\n").unwrap();
        assert_eq!(&lines.next().await.unwrap().unwrap().data[..], b"after\n");
        log.write(OutputStream::Stdout, b"last\n").unwrap();
        ended.send(false).unwrap();
        assert_eq!(&lines.next().await.unwrap().unwrap().data[..], b"last\n");
        assert!(lines.next().await.is_none());
    }

    #[tokio::test]
    async fn a_flood_keeps_two_files() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = LogWriter::open(directory.path()).unwrap();
        let line = [b"x".repeat(65_535), b"\n".to_vec()].concat();
        for _ in 0..1_100 {
            log.write(OutputStream::Stdout, &line).unwrap();
        }
        let size: u64 = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        assert!(size < 2 * super::super::MAX_FILE + 100_000, "{size}");
        let tail = LogQuery {
            tail: Some(1),
            ..LogQuery::default()
        };
        assert_eq!(read(directory.path(), tail).await.len(), 1);
    }
}
