//! Frames on blocking sockets.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::{HEAD, MAX_FDS, decode, encode, parse_head};

/// Sends a message with descriptors; blocks where the socket does.
pub(crate) fn send<T: serde::Serialize>(
    socket: impl AsFd,
    message: &T,
    fds: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let bytes = encode(message, fds.len())?;
    let mut sent = send_some(socket.as_fd(), &bytes, fds)?;
    while sent < bytes.len() {
        sent += send_some(socket.as_fd(), &bytes[sent..], &[])?;
    }
    Ok(())
}

/// Receives a message with its descriptors; `None` at the end of the stream.
pub(crate) fn recv<T: serde::de::DeserializeOwned>(
    socket: impl AsFd,
) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
    let mut fds = Vec::new();
    let mut head = [0; HEAD];
    if !fill(socket.as_fd(), &mut head, &mut fds)? {
        return Ok(None);
    }
    let (len, count) = parse_head(head)?;
    let mut body = vec![0; len];
    if !fill(socket.as_fd(), &mut body, &mut fds)? {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if fds.len() != count {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "descriptors were lost",
        ));
    }
    Ok(Some((decode(&body)?, fds)))
}

/// Fills `buffer`; false where the stream ends before its first byte.
fn fill(socket: BorrowedFd<'_>, buffer: &mut [u8], fds: &mut Vec<OwnedFd>) -> io::Result<bool> {
    let mut filled = 0;
    while filled < buffer.len() {
        match recv_some(socket, &mut buffer[filled..], fds)? {
            0 if filled == 0 => return Ok(false),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    Ok(true)
}

/// One `sendmsg(2)`.
pub(super) fn send_some(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    loop {
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(fds)) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "too many descriptors",
            ));
        }
        match sendmsg(
            socket,
            &[IoSlice::new(bytes)],
            &mut ancillary,
            SendFlags::NOSIGNAL,
        ) {
            Err(Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

/// One `recvmsg(2)`; descriptors that come with it are added to `fds`, closed on exec.
pub(super) fn recv_some(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    fds: &mut Vec<OwnedFd>,
) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    loop {
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let received = recvmsg(
            socket,
            &mut [IoSliceMut::new(buffer)],
            &mut ancillary,
            RecvFlags::CMSG_CLOEXEC,
        );
        match received {
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
            Ok(message) => {
                for part in ancillary.drain() {
                    if let RecvAncillaryMessage::ScmRights(rights) = part {
                        fds.extend(rights);
                    }
                }
                if fds.len() > 2 * MAX_FDS {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "more descriptors than a frame may carry",
                    ));
                }
                return Ok(message.bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn messages_and_descriptors_arrive() {
        let (left, right) = UnixStream::pair().unwrap();
        let file = std::fs::File::open("/dev/null").unwrap();
        send(&left, &("first", 1u8), &[file.as_fd()]).unwrap();
        send(&left, &("second", 2u8), &[]).unwrap();
        drop(left);
        let ((text, number), fds) = recv::<(String, u8)>(&right).unwrap().unwrap();
        assert_eq!((text.as_str(), number, fds.len()), ("first", 1, 1));
        let ((text, _), fds) = recv::<(String, u8)>(&right).unwrap().unwrap();
        assert_eq!((text.as_str(), fds.len()), ("second", 0));
        assert!(recv::<(String, u8)>(&right).unwrap().is_none());
    }

    #[test]
    fn a_giant_length_is_refused() {
        use std::io::Write;
        let (mut left, right) = UnixStream::pair().unwrap();
        left.write_all(&[255; 5]).unwrap();
        assert!(recv::<u8>(&right).is_err());
    }
}
