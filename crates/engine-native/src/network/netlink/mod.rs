//! The little of rtnetlink(7) that links, addresses, neighbours and routes need.
//!
//! The requests of one set-up go to the kernel in one message, which is what makes it fast: a
//! [`Batch`] is encoded by [`batch`], its kinds of requests are in [`request`], and [`socket`]
//! sends it and reads the answers.

mod batch;
mod filter;
mod request;
mod socket;

pub(super) use batch::Batch;
pub(super) use filter::{FilterSocket, ListedChain};
pub(super) use request::{End, Neighbour};
pub(super) use socket::{Refused, Socket};
