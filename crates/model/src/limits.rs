//! What a sandbox may use of the host.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ByteSize, Invalid};

/// Limits on a sandbox's use of the host. A field that is `None` has no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory of all processes, page cache and tmpfs files included.
    pub memory: Option<ByteSize>,
    /// Processor time per unit of time.
    pub cpus: Option<Cpus>,
    /// Processes and threads alive at once.
    pub pids: Option<PidLimit>,
}

impl Limits {
    /// The least memory limit: less than this starts no program.
    pub const MIN_MEMORY: ByteSize = ByteSize::from_mib(6);
}

impl Default for Limits {
    /// The limits of a sandbox that asks for none: 2 GiB, 4,096 processes, no limit on the
    /// processors.
    fn default() -> Self {
        Self {
            memory: Some(ByteSize::from_mib(2048)),
            cpus: None,
            pids: Some(PidLimit(4096)),
        }
    }
}

/// Processor time, in billionths of one processor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cpus(u64);

impl Cpus {
    /// Takes a number of processors: 0.01 to 10,000.
    ///
    /// # Errors
    /// [`Invalid`] outside of the range.
    pub fn from_cores(cores: f64) -> Result<Self, Invalid> {
        if !(0.01..=10_000.0).contains(&cores) {
            return Err(Invalid::new(
                "cpus",
                &cores.to_string(),
                "expected 0.01 to 10000",
            ));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the range is checked above"
        )]
        #[expect(clippy::cast_sign_loss, reason = "the range is checked above")]
        Ok(Self((cores * 1e9).round() as u64))
    }

    /// Billionths of a processor, Docker's `NanoCpus`.
    pub fn nanos(self) -> u64 {
        self.0
    }

    /// Microseconds of processor time in a period of 100,000 microseconds, as cgroups take it.
    pub fn quota_micros(self) -> u64 {
        (self.0 / 10_000).max(1_000)
    }
}

impl fmt::Debug for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 as f64 / 1e9)
    }
}

/// A number of processes and threads, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PidLimit(u32);

impl PidLimit {
    /// Takes a number of processes.
    ///
    /// # Errors
    /// [`Invalid`] for zero.
    pub fn new(count: u32) -> Result<Self, Invalid> {
        if count == 0 {
            return Err(Invalid::new("pids limit", "0", "expected at least 1"));
        }
        Ok(Self(count))
    }

    /// The number.
    pub fn count(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpus_become_quota() {
        assert_eq!(Cpus::from_cores(1.5).unwrap().nanos(), 1_500_000_000);
        assert_eq!(Cpus::from_cores(1.5).unwrap().quota_micros(), 150_000);
        assert!(Cpus::from_cores(0.0).is_err());
        assert!(Cpus::from_cores(f64::NAN).is_err());
        assert!(PidLimit::new(0).is_err());
    }
}
