//! Listing the tables and chains of nftables, as `linux/netfilter/nf_tables.h` has them.
//!
//! The kernel is asked itself, since to start `nft` for it takes a hundred times as long.

use std::io;

use super::batch::{Batch, DONE, ERROR};
use super::socket::{Message, Refused, Socket, attributes, read_u32};

/// `NFNL_SUBSYS_NFTABLES`, the upper half of a message's type.
const SUBSYSTEM: u16 = 10 << 8;
const GET_TABLE: u16 = SUBSYSTEM | 1;
const GET_CHAIN: u16 = SUBSYSTEM | 4;
const DUMP: u16 = 0x300;

/// `NLM_F_DUMP_INTR`: the rules were changed while they were listed.
const INTERRUPTED: u16 = 0x10;

/// How often a list is read again that was changed meanwhile.
const ATTEMPTS: u32 = 100;

/// A socket to the packet filter of the network namespace it was opened in.
pub(crate) struct FilterSocket(Socket);

/// A chain as the kernel lists it.
#[derive(Debug)]
pub(crate) struct ListedChain {
    /// Its table's family and name, `inet ctnr`.
    pub(crate) table: String,
    pub(crate) name: String,
    /// Whether what no rule decides is dropped.
    pub(crate) drops: bool,
}

impl FilterSocket {
    /// Opens one in the calling thread's network namespace.
    pub(crate) fn open() -> Result<Self, Refused> {
        Socket::open_netfilter()
            .map(Self)
            .map_err(|source| Refused {
                what: "opening a socket to the packet filter",
                source,
            })
    }

    /// All tables, as family and name.
    pub(crate) fn tables(&self) -> Result<Vec<String>, Refused> {
        const NAME: u16 = 1;
        self.list("listing tables", GET_TABLE, |body| {
            Some(table(body, text(body, NAME)?))
        })
    }

    /// All chains.
    pub(crate) fn chains(&self) -> Result<Vec<ListedChain>, Refused> {
        const TABLE: u16 = 1;
        const NAME: u16 = 3;
        const POLICY: u16 = 5;
        const DROP: [u8; 4] = [0; 4];
        self.list("listing chains", GET_CHAIN, |body| {
            Some(ListedChain {
                table: table(body, text(body, TABLE)?),
                name: text(body, NAME)?,
                drops: value(body, POLICY).is_some_and(|policy| policy == DROP),
            })
        })
    }

    fn list<T>(
        &self,
        what: &'static str,
        kind: u16,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, Refused> {
        for _ in 0..ATTEMPTS {
            let mut batch = Batch::new();
            // `struct nfgenmsg`: all families, version 0.
            batch.request(what, kind, DUMP, &[0; 4], |_| {});
            self.0.send(&batch)?;
            let (mut listed, mut code, mut torn) = (Vec::new(), 0, false);
            let take = |message: Message<'_>| {
                torn |= message.flags & INTERRUPTED != 0;
                match message.kind {
                    DONE => return true,
                    ERROR => {
                        code = read_u32(message.body, 0).map_or(0, u32::cast_signed);
                        return true;
                    }
                    _ => listed.extend(read(message.body)),
                }
                false
            };
            let answered = self.0.answers(take);
            answered.map_err(|source| Refused { what, source })?;
            if code != 0 {
                let source = io::Error::from_raw_os_error(-code);
                return Err(Refused { what, source });
            }
            if !torn {
                return Ok(listed);
            }
        }
        let source = io::Error::other("the rules are changed again and again");
        Err(Refused { what, source })
    }
}

/// The value of an attribute behind `struct nfgenmsg`.
fn value(body: &[u8], kind: u16) -> Option<&[u8]> {
    attributes(body.get(4..)?)
        .find(|(found, _)| *found == kind)
        .map(|(_, value)| value)
}

fn text(body: &[u8], kind: u16) -> Option<String> {
    let value = value(body, kind)?;
    let text = value.strip_suffix(&[0]).unwrap_or(value);
    Some(String::from_utf8_lossy(text).into_owned())
}

/// A table's family, which the message begins with, and name.
fn table(body: &[u8], name: String) -> String {
    let family = match body.first() {
        Some(1) => "inet",
        Some(2) => "ip",
        Some(10) => "ip6",
        Some(3) => "arp",
        Some(5) => "netdev",
        Some(7) => "bridge",
        _ => "other",
    };
    format!("{family} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_read_from_its_message() {
        let mut body = vec![2, 0, 0, 0];
        for (kind, value) in [(1u16, &b"filter\0"[..]), (3, b"FORWARD\0"), (5, &[0; 4])] {
            body.extend(u16::try_from(4 + value.len()).unwrap().to_ne_bytes());
            body.extend(kind.to_ne_bytes());
            body.extend(value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        assert_eq!(table(&body, text(&body, 1).unwrap()), "ip filter");
        assert_eq!(text(&body, 3).unwrap(), "FORWARD");
        assert_eq!(value(&body, 5), Some(&[0; 4][..]));
        assert_eq!(value(&body, 4), None);
        assert_eq!(value(&body[..6], 1), None);
        assert_eq!(value(&[], 1), None);
    }
}
