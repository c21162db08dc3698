//! What sandboxes use of the host.

use std::sync::Arc;
use std::time::Duration;

use ctnr_engine::{EngineError, SandboxEngine, Stats, Stream};
use ctnr_model::{SandboxId, SandboxQuery};
use futures::StreamExt;

use super::{App, Result, Sandbox};

/// What a sandbox used over a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// What was counted at the beginning.
    pub before: Stats,
    /// What was counted at the end.
    pub now: Stats,
}

impl Usage {
    /// Processors in use, in hundredths of one.
    pub fn cpu_percent(&self) -> f64 {
        let passed = self.now.read_at.duration_since(self.before.read_at);
        let used = self.now.cpu.total.saturating_sub(self.before.cpu.total);
        let passed = passed.as_secs_f64();
        if passed <= 0.0 {
            return 0.0;
        }
        used as f64 / 1e9 / passed * 100.0
    }
}

/// A sandbox that is being watched.
struct Watched {
    engine: Arc<dyn SandboxEngine>,
    id: SandboxId,
    interval: Duration,
    before: Stats,
}

impl Watched {
    async fn next(mut self) -> std::result::Result<(Usage, Self), EngineError> {
        tokio::time::sleep(self.interval).await;
        let now = self.engine.stats(&self.id).await?;
        let before = std::mem::replace(&mut self.before, now.clone());
        Ok((Usage { before, now }, self))
    }
}

impl App {
    /// What a running sandbox uses, measured over an interval.
    pub async fn stats(
        &self,
        query: &SandboxQuery,
        interval: Duration,
    ) -> Result<(Sandbox, Usage)> {
        let (sandbox, watched) = self.watch(query, interval).await?;
        let (usage, _) = watched.next().await?;
        Ok((sandbox, usage))
    }

    /// As [`App::stats`], again and again until the sandbox ends.
    pub async fn watch_stats(
        &self,
        query: &SandboxQuery,
        interval: Duration,
    ) -> Result<(Sandbox, Stream<Usage>)> {
        let (sandbox, watched) = self.watch(query, interval).await?;
        let usages = futures::stream::unfold(watched, |watched| async move {
            match watched.next().await {
                Ok(next) => Some(next),
                Err(EngineError::NotRunning | EngineError::SandboxNotFound) => None,
                Err(error) => {
                    tracing::warn!(%error, "what a sandbox uses could not be read; its reader is told no more");
                    None
                }
            }
        });
        Ok((sandbox, usages.boxed()))
    }

    async fn watch(&self, query: &SandboxQuery, interval: Duration) -> Result<(Sandbox, Watched)> {
        let row = self.find(query).await?;
        let engine = self.engine_of(&row)?;
        let before = engine.stats(&row.spec.id).await?;
        let watched = Watched {
            engine,
            id: row.spec.id.clone(),
            interval,
            before,
        };
        Ok((row.into(), watched))
    }
}

#[cfg(test)]
mod tests {
    use ctnr_engine::{CpuStats, IoStats, MemoryStats, PidStats};
    use jiff::Timestamp;

    use super::*;

    fn stats(second: i64, total: u64) -> Stats {
        Stats {
            read_at: Timestamp::from_second(second).unwrap(),
            cpu: CpuStats {
                total,
                ..CpuStats::default()
            },
            memory: MemoryStats::default(),
            pids: PidStats::default(),
            networks: Default::default(),
            io: IoStats::default(),
        }
    }

    #[test]
    fn processors_are_counted_over_the_time_that_passed() {
        for (before, now, percent) in [
            (stats(1, 0), stats(3, 3_000_000_000), 150.0),
            (stats(1, 5), stats(2, 5), 0.0),
            // Clocks are set, and what ignored children used is lost: nothing below zero.
            (stats(2, 5), stats(1, 9), 0.0),
            (stats(1, 5), stats(2, 4), 0.0),
        ] {
            let usage = Usage { before, now };
            assert!((usage.cpu_percent() - percent).abs() < 1e-9, "{usage:?}");
        }
    }
}
