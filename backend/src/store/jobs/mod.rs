//! Jobs: rows with leases.
//!
//! A job is written in the transaction of what it is about ([`enqueue`]). One who works on it holds
//! a lease: for a time, and under a fencing token that grows with every claim. Who lets the lease
//! run out may find the job with another; what it still writes is refused by the token, here and
//! by the owner of the host. Times are those of the processes, which have to agree to within a few
//! seconds; the token, and not the time, keeps two holders apart.

mod claim;
mod ended;
mod finish;
mod list;
mod new;
mod prune;
mod request;
mod row;
mod tell;

pub use claim::{Claimant, Lease};
pub use finish::{Ending, Held};
pub use list::JobFilter;
pub use new::{Enqueued, NewJob, Priority};
pub use row::JobRow;

pub(super) use {claim::hold, new::enqueue};
