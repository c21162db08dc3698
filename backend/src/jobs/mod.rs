//! Doing jobs.
//!
//! ```text
//!  row ──claim──▶ Runner ──▶ Perform ──▶ Executions of the host's owner ──▶ handler ──▶ row
//!                   │ keeps the lease       (in this process, or the one that owns the host)
//! ```
//!
//! A [`Runner`] claims jobs and keeps their leases. The work is done by the process that owns the
//! host's data directory, in its [`Executions`]: a backend asks itself, a worker asks the owner
//! over HTTP. The owner records the end under the lease's fencing token. Where a runner dies, the
//! execution goes on, and the next runner's claim takes it over instead of beginning it twice.
//! Where the owner dies, the job is begun again: handlers go on with what they find.
#![warn(missing_docs)]

mod attempt;
mod backoff;
mod context;
mod execution;
mod executions;
mod handlers;
mod job;
mod perform;
mod redis;
mod remote;
mod runner;
mod worker;

pub use backoff::pause_after;
pub use context::JobContext;
pub use executions::{Executions, Performed};
pub use handlers::{Handlers, JobError, JobResult};
pub use job::Job;
pub use perform::{Local, Perform, PerformError};
pub use redis::{RedisAddress, RedisAddressError, RequestContainer, carry};
pub use remote::{HOST_PATIENCE, INTERNAL_HEADER, PERFORM_PATIENCE, PerformAnswer, PerformRequest};
pub use runner::{Runner, RunnerConfig};
pub use worker::{WorkerConfig, work};
