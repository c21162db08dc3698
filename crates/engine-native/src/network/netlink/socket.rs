//! Sending requests and reading the kernel's answers.

use std::io;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send,
    socket_with,
};

use super::batch::{Batch, DONE, ERROR, HEADER};
use super::request::LINK_NAME;

/// A socket to the kernel's routing interface of the network namespace it was opened in.
pub(crate) struct Socket(OwnedFd);

/// A request was refused.
pub(crate) struct Refused {
    /// What it was to do.
    pub(crate) what: &'static str,
    /// The kernel's answer.
    pub(crate) source: io::Error,
}

/// A link as the kernel lists it.
pub(crate) struct Listed {
    pub(crate) ifindex: u32,
    pub(crate) name: String,
}

impl Socket {
    /// Opens one in the calling thread's network namespace.
    pub(crate) fn open() -> io::Result<Self> {
        Self::of(None)
    }

    /// Opens one to the packet filter instead.
    pub(super) fn open_netfilter() -> io::Result<Self> {
        Self::of(Some(netlink::NETFILTER))
    }

    fn of(protocol: Option<Protocol>) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC;
        Ok(Self(socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            flags,
            protocol,
        )?))
    }

    /// Sends all requests, waits until the kernel has carried them out, and tells the first that
    /// failed.
    pub(crate) fn apply(&self, mut batch: Batch) -> Result<(), Refused> {
        batch.acknowledge_last();
        self.send(&batch)?;
        let mut first = None;
        self.answers(|message| {
            if message.kind != ERROR {
                return false;
            }
            let number = message.sequence as usize;
            let code = read_u32(message.body, 0).map_or(0, u32::cast_signed);
            if code != 0
                && first.is_none()
                && let Some(request) = number.checked_sub(1).and_then(|at| batch.requests.get(at))
                && !request.optional
            {
                let source = io::Error::from_raw_os_error(-code);
                first = Some(Refused {
                    what: request.what,
                    source,
                });
            }
            number == batch.requests.len()
        })
        .map_err(|source| Refused {
            what: "reading the kernel's answer",
            source,
        })?;
        first.map_or(Ok(()), Err)
    }

    /// All links of the socket's namespace.
    pub(crate) fn links(&self) -> Result<Vec<Listed>, Refused> {
        let mut batch = Batch::new();
        batch.list_links();
        self.send(&batch)?;
        let mut links = Vec::new();
        let mut refused = 0;
        self.answers(|message| {
            if message.kind == ERROR {
                refused = read_u32(message.body, 0).map_or(0, u32::cast_signed);
            }
            if message.kind == ERROR || message.kind == DONE {
                return true;
            }
            links.extend(listed(message.body));
            false
        })
        .map_err(|source| Refused {
            what: "listing links",
            source,
        })?;
        match refused {
            0 => Ok(links),
            code => {
                let source = io::Error::from_raw_os_error(-code);
                Err(Refused {
                    what: "listing links",
                    source,
                })
            }
        }
    }

    pub(super) fn send(&self, batch: &Batch) -> Result<(), Refused> {
        let sent = rustix::io::retry_on_intr(|| send(&self.0, &batch.bytes, SendFlags::empty()))
            .map_err(io::Error::from)
            .and_then(|sent| {
                if sent == batch.bytes.len() {
                    Ok(())
                } else {
                    Err(Errno::MSGSIZE.into())
                }
            });
        sent.map_err(|source| Refused {
            what: "asking the kernel",
            source,
        })
    }

    /// Hands each answer to `take` until that says it was the last.
    pub(super) fn answers(&self, mut take: impl FnMut(Message<'_>) -> bool) -> io::Result<()> {
        // The kernel fills at most 32 KiB for a list, and answers to requests are small.
        let mut buffer = vec![0; 32 * 1024];
        loop {
            let received = rustix::io::retry_on_intr(|| {
                recv(&self.0, buffer.as_mut_slice(), RecvFlags::empty()).map(|(_, length)| length)
            })?;
            let mut rest = buffer.get(..received).unwrap_or(&buffer);
            while let Some((message, behind)) = split_message(rest) {
                if take(message) {
                    return Ok(());
                }
                rest = behind;
            }
        }
    }
}

pub(super) struct Message<'a> {
    pub(super) kind: u16,
    pub(super) flags: u16,
    sequence: u32,
    pub(super) body: &'a [u8],
}

fn split_message(bytes: &[u8]) -> Option<(Message<'_>, &[u8])> {
    let length = read_u32(bytes, 0)? as usize;
    let body = bytes.get(HEADER..length)?;
    let message = Message {
        kind: read_u16(bytes, 4)?,
        flags: read_u16(bytes, 6)?,
        sequence: read_u32(bytes, 8)?,
        body,
    };
    Some((
        message,
        bytes.get(length.next_multiple_of(4)..).unwrap_or_default(),
    ))
}

/// Reads `struct ifinfomsg` and the name behind it.
fn listed(body: &[u8]) -> Option<Listed> {
    let ifindex = read_u32(body, 4)?;
    let (_, value) = attributes(body.get(16..)?).find(|(kind, _)| *kind == LINK_NAME)?;
    let name = String::from_utf8_lossy(value.strip_suffix(&[0]).unwrap_or(value));
    Some(Listed {
        ifindex,
        name: name.into_owned(),
    })
}

/// The attributes of a message: their kinds and values. Damaged ones end it.
pub(super) fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(read_u16(rest, 0)?);
        let (kind, value) = (read_u16(rest, 2)?, rest.get(4..length)?);
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

fn read_u16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..at + 2)?
        .try_into()
        .ok()
        .map(u16::from_ne_bytes)
}

pub(super) fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at + 4)?
        .try_into()
        .ok()
        .map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_answers_end_the_reading() {
        assert!(split_message(&[]).is_none());
        assert!(split_message(&[8, 0, 0, 0, 1, 0, 0, 0]).is_none());
        let too_long = [255, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert!(split_message(&too_long).is_none());
        assert!(listed(&[0; 16]).is_none());
        assert!(listed(&[0; 20]).is_none());
    }

    #[test]
    fn the_loopback_link_is_listed() {
        let links = Socket::open().unwrap().links().ok().unwrap();
        assert!(
            links
                .iter()
                .any(|link| link.name == "lo" && link.ifindex == 1)
        );
    }
}
