//! Encoding of requests, several to a message.

/// `NLMSG_ERROR`, the kernel's answer to a request.
pub(super) const ERROR: u16 = 2;
/// `NLMSG_DONE`, the end of a list.
pub(super) const DONE: u16 = 3;
/// The length of `struct nlmsghdr`.
pub(super) const HEADER: usize = 16;

const REQUEST: u16 = 0x1;
const ACKNOWLEDGE: u16 = 0x4;
/// `NLA_F_NESTED`.
const NESTED: u16 = 0x8000;

/// Requests to be sent together. The kernel carries them out in order and goes on after one that
/// fails.
pub(crate) struct Batch {
    pub(super) bytes: Vec<u8>,
    pub(super) requests: Vec<Request>,
    last: usize,
}

/// What is remembered of a request until it is answered.
pub(super) struct Request {
    /// What it does, for an error's text.
    pub(super) what: &'static str,
    /// Whether its failure is of no consequence.
    pub(super) optional: bool,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            bytes: Vec::with_capacity(1024),
            requests: Vec::with_capacity(12),
            last: 0,
        }
    }

    /// Makes the failure of the request that was added last be ignored.
    pub(crate) fn optional(&mut self) {
        if let Some(request) = self.requests.last_mut() {
            request.optional = true;
        }
    }

    /// Adds a request of a type with its fixed part; `attributes` adds what follows that.
    pub(super) fn request(
        &mut self,
        what: &'static str,
        kind: u16,
        flags: u16,
        fixed: &[u8],
        attributes: impl FnOnce(&mut Self),
    ) {
        self.last = self.bytes.len();
        self.bytes.extend([0; 4]);
        self.bytes.extend(kind.to_ne_bytes());
        self.bytes.extend((REQUEST | flags).to_ne_bytes());
        // Answers name a request by its sequence number; counting from 1 keeps 0 for none.
        self.requests.push(Request {
            what,
            optional: false,
        });
        self.bytes.extend(number(self.requests.len()).to_ne_bytes());
        self.bytes.extend([0; 4]);
        self.bytes.extend(fixed);
        attributes(self);
        let length = number(self.bytes.len() - self.last);
        self.bytes[self.last..self.last + 4].copy_from_slice(&length.to_ne_bytes());
    }

    /// Asks for an answer to the last request, whose arrival tells that all others are answered.
    pub(super) fn acknowledge_last(&mut self) {
        if let [low, high] = &mut self.bytes[self.last + 6..self.last + 8] {
            [*low, *high] = (u16::from_ne_bytes([*low, *high]) | ACKNOWLEDGE).to_ne_bytes();
        }
    }

    pub(super) fn attribute(&mut self, kind: u16, value: &[u8]) {
        let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
        self.bytes.extend(length.to_ne_bytes());
        self.bytes.extend(kind.to_ne_bytes());
        self.bytes.extend(value);
        self.align();
    }

    pub(super) fn text(&mut self, kind: u16, value: &str) {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.attribute(kind, &bytes);
    }

    pub(super) fn nested(&mut self, kind: u16, inner: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.bytes.extend([0; 2]);
        self.bytes.extend((kind | NESTED).to_ne_bytes());
        inner(self);
        let length = u16::try_from(self.bytes.len() - start).unwrap_or(u16::MAX);
        self.bytes[start..start + 2].copy_from_slice(&length.to_ne_bytes());
    }

    /// Appends a structure that stands where attributes do, as in veth's description of the peer.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        self.align();
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_laid_out_as_the_kernel_reads_them() {
        let mut batch = Batch::new();
        batch.request("test", 16, 0x400, &[7; 4], |batch| {
            batch.text(3, "lo");
            batch.nested(18, |batch| batch.attribute(1, &[9]));
        });
        batch.acknowledge_last();
        let mut expected = Vec::new();
        expected.extend(40u32.to_ne_bytes());
        expected.extend(16u16.to_ne_bytes());
        expected.extend(0x405u16.to_ne_bytes());
        expected.extend(1u32.to_ne_bytes());
        expected.extend([0; 4]);
        expected.extend([7; 4]);
        expected.extend(7u16.to_ne_bytes());
        expected.extend(3u16.to_ne_bytes());
        expected.extend(b"lo\0\0");
        expected.extend(12u16.to_ne_bytes());
        expected.extend((18u16 | 0x8000).to_ne_bytes());
        expected.extend(5u16.to_ne_bytes());
        expected.extend(1u16.to_ne_bytes());
        expected.extend([9, 0, 0, 0]);
        assert_eq!(batch.bytes, expected);
    }
}
