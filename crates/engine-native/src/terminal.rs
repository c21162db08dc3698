//! A terminal for a command in the sandbox.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use ctnr_engine::TerminalSize;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, fchown, fstat, fstatfs, openat2};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// The kind of file system that terminals are on (`statfs(2)`).
const DEVPTS_MAGIC: i64 = 0x1cd1;

/// Opens a pair of terminals on the sandbox's own devpts: the master and the command's end.
///
/// The caller is inside the sandbox. What a program there may have put at `/dev/pts` is not
/// believed: only a multiplexer of a devpts is opened, and the command's end comes from it by
/// ioctl and not by a path (CVE-2025-52565).
pub(crate) fn open_pair(size: TerminalSize) -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let master = openat2(CWD, "/dev/pts/ptmx", flags, Mode::empty(), resolve)?;
    let stat = fstat(&master)?;
    let is_multiplexer =
        fstatfs(&master)?.f_type == DEVPTS_MAGIC && stat.st_rdev == rustix::fs::makedev(5, 2);
    if !is_multiplexer {
        return Err(io::Error::other(
            "/dev/pts/ptmx in the sandbox is not a terminal multiplexer",
        ));
    }
    unlockpt(&master)?;
    let end = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let terminal = ioctl_tiocgptpeer(&master, end)?;
    set_size(&master, size)?;
    Ok((master, terminal))
}

/// Gives a terminal to a user of the sandbox.
pub(crate) fn give(terminal: &OwnedFd, uid: u32) -> io::Result<()> {
    Ok(fchown(
        terminal,
        Some(rustix::fs::Uid::from_raw(uid)),
        None,
    )?)
}

/// Makes a terminal that of the calling session.
pub(crate) fn control(terminal: &OwnedFd) -> io::Result<()> {
    Ok(rustix::process::ioctl_tiocsctty(terminal)?)
}

/// Sets a terminal's size.
pub(crate) fn set_size(terminal: impl AsFd, size: TerminalSize) -> io::Result<()> {
    let size = Winsize {
        ws_row: size.rows,
        ws_col: size.columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    Ok(tcsetwinsize(terminal, size)?)
}
