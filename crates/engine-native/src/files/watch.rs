//! Changes to files, by inotify.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use ctnr_engine::{FileChange, FileChangeKind};
use ctnr_model::ContainerPath;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};

use super::failure::{FileFailure, On, Result};
use super::protocol::FileReply;
use super::write::TEMPORARY;
use crate::wire;

/// How many directories one watch may hold.
const MAX_DIRECTORIES: usize = 8192;

/// What is told, and that what is at a path must not be followed.
const WANTED: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::DONT_FOLLOW);

/// Tells of changes until the caller leaves or the watched thing is gone.
pub(super) fn watch(socket: &OwnedFd, path: &ContainerPath, recursive: bool) -> Result<()> {
    let text = path.as_str();
    let mut watch = Watch {
        inotify: inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).on(text)?,
        directories: HashMap::new(),
        recursive,
    };
    watch.add(text)?;
    // Tells the caller that nothing is missed from here on.
    wire::send(socket, &FileReply::Done, &[]).on(text)?;
    loop {
        let mut ready = [
            PollFd::new(&watch.inotify, PollFlags::IN),
            PollFd::new(socket, PollFlags::IN),
        ];
        match poll(&mut ready, None) {
            Err(rustix::io::Errno::INTR) => continue,
            result => result.on(text)?,
        };
        if !ready[1].revents().is_empty() {
            return Ok(());
        }
        for change in watch.read()? {
            wire::send(socket.as_fd(), &FileReply::Change(change), &[]).on(text)?;
        }
        if watch.directories.is_empty() {
            return Ok(());
        }
    }
}

struct Watch {
    inotify: OwnedFd,
    /// What is watched, by inotify's number for it.
    directories: HashMap<i32, String>,
    recursive: bool,
}

impl Watch {
    /// Watches a path, and with `recursive` every directory below it.
    fn add(&mut self, path: &str) -> Result<()> {
        let mut waiting = vec![path.to_owned()];
        while let Some(path) = waiting.pop() {
            if self.directories.len() >= MAX_DIRECTORIES {
                return Err(FileFailure::Bad(format!(
                    "{path}: more than {MAX_DIRECTORIES} directories; watch fewer of them"
                )));
            }
            let number = inotify::add_watch(&self.inotify, &*path, WANTED).on(&path)?;
            self.directories.insert(number, path.clone());
            let is_directory = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir());
            if self.recursive && is_directory {
                let entries = fs::read_dir(&path).on(&path)?.filter_map(io::Result::ok);
                let directories =
                    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
                waiting.extend(directories.map(|entry| {
                    format!(
                        "{}/{}",
                        path.trim_end_matches('/'),
                        entry.file_name().to_string_lossy()
                    )
                }));
            }
        }
        Ok(())
    }

    /// The changes that are there to be read.
    fn read(&mut self) -> Result<Vec<FileChange>> {
        let mut changes = Vec::new();
        let mut made = Vec::new();
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        let mut reader = Reader::new(&self.inotify, &mut buffer);
        loop {
            let event = match reader.next() {
                Ok(event) => event,
                Err(rustix::io::Errno::AGAIN) => break,
                Err(errno) => return Err(errno).on("the watched directory"),
            };
            let flags = event.events();
            if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                let path = String::new();
                changes.push(FileChange {
                    kind: FileChangeKind::Overflow,
                    path,
                });
                continue;
            }
            if flags.contains(ReadFlags::IGNORED) {
                self.directories.remove(&event.wd());
                continue;
            }
            let Some(directory) = self.directories.get(&event.wd()) else {
                continue;
            };
            let path = match event.file_name() {
                Some(name) => {
                    format!(
                        "{}/{}",
                        directory.trim_end_matches('/'),
                        name.to_string_lossy()
                    )
                }
                None => directory.clone(),
            };
            let Some(kind) = kind_of(flags) else { continue };
            if path
                .rsplit('/')
                .next()
                .is_some_and(|name| name.starts_with(TEMPORARY))
            {
                continue;
            }
            if self.recursive && kind == FileChangeKind::Created && flags.contains(ReadFlags::ISDIR)
            {
                made.push(path.clone());
            }
            // A write comes as many events; one of them says it.
            let change = FileChange { kind, path };
            if changes.last() != Some(&change) {
                changes.push(change);
            }
            if reader.is_buffer_empty() {
                break;
            }
        }
        for path in made {
            // It may be gone again, or be more than can be watched.
            if self.add(&path).is_err() {
                changes.push(FileChange {
                    kind: FileChangeKind::Overflow,
                    path,
                });
            }
        }
        Ok(changes)
    }
}

fn kind_of(flags: ReadFlags) -> Option<FileChangeKind> {
    if flags.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO) {
        Some(FileChangeKind::Created)
    } else if flags.intersects(ReadFlags::MODIFY | ReadFlags::CLOSE_WRITE) {
        Some(FileChangeKind::Modified)
    } else if flags.intersects(ReadFlags::DELETE | ReadFlags::MOVED_FROM | ReadFlags::DELETE_SELF) {
        Some(FileChangeKind::Removed)
    } else if flags.contains(ReadFlags::ATTRIB) {
        Some(FileChangeKind::Attributes)
    } else {
        None
    }
}
