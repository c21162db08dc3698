//! Making sockets inside a sandbox's network namespace.
//!
//! Root enters the namespace for a moment. An ordinary user can't come back from there
//! (`setns(2)` wants privileges over the namespace one returns to), so a small process inside makes
//! the sockets and hands them out.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recv, recvmsg,
    send, sendmsg, socket_with,
};

use crate::network::within;

/// Makes sockets inside a network namespace.
#[derive(Debug)]
pub enum SocketOpener {
    /// By entering the namespace: for root.
    Namespace(OwnedFd),
    /// By asking a process inside, which runs [`serve_opener`], over a socket of type
    /// `SOCK_SEQPACKET`: for an ordinary user.
    Helper(OwnedFd),
}

/// What a helper is asked for, a byte each.
const TCP_V4: u8 = b'4';
const TCP_V6: u8 = b'6';
const UDP_V4: u8 = b'u';
const UDP_V6: u8 = b'U';
/// What a helper answers: it made the socket, or the error's number follows.
const MADE: u8 = 0;

impl SocketOpener {
    /// Makes a socket that does not block.
    pub(super) fn open(&self, v6: bool, kind: SocketType) -> io::Result<OwnedFd> {
        match self {
            Self::Namespace(netns) => {
                within(netns.as_fd(), || make(v6, kind)).map_err(io::Error::other)?
            }
            Self::Helper(socket) => {
                let asked = match (kind == SocketType::STREAM, v6) {
                    (true, false) => TCP_V4,
                    (true, true) => TCP_V6,
                    (false, false) => UDP_V4,
                    (false, true) => UDP_V6,
                };
                ask(socket.as_fd(), asked)
            }
        }
    }
}

fn make(v6: bool, kind: SocketType) -> io::Result<OwnedFd> {
    let family = if v6 {
        AddressFamily::INET6
    } else {
        AddressFamily::INET
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(socket_with(family, kind, flags, None)?)
}

fn ask(helper: BorrowedFd<'_>, asked: u8) -> io::Result<OwnedFd> {
    rustix::io::retry_on_intr(|| send(helper, &[asked], SendFlags::NOSIGNAL))?;
    let mut answer = [0; 5];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::io::retry_on_intr(|| {
        recvmsg(
            helper,
            &mut [IoSliceMut::new(&mut answer)],
            &mut control,
            RecvFlags::CMSG_CLOEXEC,
        )
    })?;
    let truncated = received.flags.contains(ReturnFlags::CTRUNC);
    let sockets = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut sockets) => sockets.next(),
        _ => None,
    });
    match (received.bytes, answer, sockets.last()) {
        (1, [MADE, ..], Some(socket)) if !truncated => Ok(socket),
        (5, [_, number @ ..], None) => {
            Err(io::Error::from_raw_os_error(i32::from_ne_bytes(number)))
        }
        (0, ..) => Err(io::Error::new(
            io::ErrorKind::ConnectionReset,
            "the process that makes sockets inside the sandbox has ended",
        )),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the process that makes sockets inside the sandbox gave no socket",
        )),
    }
}

/// Makes sockets for whoever asks over `socket`, until nobody can any more.
///
/// For a process of its own that has one thread, is inside the sandbox's user and network
/// namespace, and is not one of the sandbox's own processes (a program there could otherwise stop
/// or trace it). It blocks.
///
/// # Errors
/// Where the socket fails in another way than by being closed.
pub fn serve_opener(socket: BorrowedFd<'_>) -> io::Result<()> {
    loop {
        let mut asked = [0; 1];
        let received = rustix::io::retry_on_intr(|| {
            recv(socket, &mut asked, RecvFlags::empty()).map(|(length, _)| length)
        })?;
        if received == 0 {
            return Ok(());
        }
        let made = match asked {
            [TCP_V4] => make(false, SocketType::STREAM),
            [TCP_V6] => make(true, SocketType::STREAM),
            [UDP_V4] => make(false, SocketType::DGRAM),
            [UDP_V6] => make(true, SocketType::DGRAM),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        };
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let sent = match &made {
            Ok(made) => {
                let sockets = [made.as_fd()];
                control.push(SendAncillaryMessage::ScmRights(&sockets));
                rustix::io::retry_on_intr(|| {
                    sendmsg(
                        socket,
                        &[IoSlice::new(&[MADE])],
                        &mut control,
                        SendFlags::NOSIGNAL,
                    )
                })
            }
            Err(error) => {
                let [a, b, c, d] = error.raw_os_error().unwrap_or(libc::EINVAL).to_ne_bytes();
                let answer = [1, a, b, c, d];
                rustix::io::retry_on_intr(|| send(socket, &answer, SendFlags::NOSIGNAL))
            }
        };
        match sent {
            Err(rustix::io::Errno::PIPE | rustix::io::Errno::CONNRESET) => return Ok(()),
            sent => sent?,
        };
    }
}
