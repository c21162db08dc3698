//! The output of a detached command: what is kept of it, and what comes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use ctnr_engine::{ExecOutput, Result, Stream};
use futures::StreamExt;
use tokio::sync::Notify;

use crate::lock::lock;

/// A bounded record of output that any number of readers follow, each at its own pace. The command
/// never waits for a reader: one that falls behind by more than is kept misses what lies between.
#[derive(Debug)]
pub(crate) struct Replay {
    kept: Mutex<Kept>,
    changed: Notify,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct Kept {
    pieces: VecDeque<ExecOutput>,
    bytes: usize,
    /// The number of the first piece in `pieces`, counted from the first ever.
    first: u64,
    closed: bool,
}

/// How many pieces are kept at most, however small.
const MAX_PIECES: usize = 8192;
/// Pieces below this are copied, so that a few bytes don't keep a whole read buffer.
const COPY_BELOW: usize = 2048;

impl Replay {
    /// Keeps the last `max_bytes` bytes.
    pub(crate) fn new(max_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            kept: Mutex::default(),
            changed: Notify::new(),
            max_bytes,
        })
    }

    /// Adds a piece; the oldest go where there are too many.
    pub(crate) fn push(&self, mut output: ExecOutput) {
        if output.data.len() < COPY_BELOW {
            output.data = Bytes::copy_from_slice(&output.data);
        }
        let mut kept = lock(&self.kept);
        kept.bytes += output.data.len();
        kept.pieces.push_back(output);
        while kept.bytes > self.max_bytes || kept.pieces.len() > MAX_PIECES {
            let Some(oldest) = kept.pieces.pop_front() else {
                break;
            };
            kept.bytes -= oldest.data.len();
            kept.first += 1;
        }
        drop(kept);
        self.changed.notify_waiters();
    }

    /// Says that no more comes.
    pub(crate) fn close(&self) {
        lock(&self.kept).closed = true;
        self.changed.notify_waiters();
    }

    /// What is kept, then what comes.
    pub(crate) fn read(self: &Arc<Self>) -> Stream<Result<ExecOutput>> {
        futures::stream::unfold((Arc::clone(self), 0), |(replay, next)| async move {
            let (output, at) = replay.after(next).await?;
            Some((Ok(output), (replay, at + 1)))
        })
        .boxed()
    }

    /// The piece with number `next` or the first kept after it, and its number.
    async fn after(&self, next: u64) -> Option<(ExecOutput, u64)> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that no change falls between the two.
            changed.as_mut().enable();
            {
                let kept = lock(&self.kept);
                let at = next.max(kept.first);
                let index = usize::try_from(at - kept.first).ok()?;
                if let Some(output) = kept.pieces.get(index) {
                    return Some((output.clone(), at));
                }
                if kept.closed {
                    return None;
                }
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use ctnr_engine::OutputStream;
    use futures::TryStreamExt;

    use super::*;

    fn output(text: &str) -> ExecOutput {
        ExecOutput {
            stream: OutputStream::Stdout,
            data: Bytes::copy_from_slice(text.as_bytes()),
        }
    }

    async fn text(stream: Stream<Result<ExecOutput>>) -> String {
        let outputs: Vec<ExecOutput> = stream.try_collect().await.unwrap();
        outputs
            .iter()
            .map(|output| String::from_utf8(output.data.to_vec()).unwrap())
            .collect()
    }

    #[tokio::test]
    async fn readers_get_what_was_and_what_comes() {
        let replay = Replay::new(100);
        replay.push(output("a"));
        let early = tokio::spawn(text(replay.read()));
        tokio::task::yield_now().await;
        replay.push(output("b"));
        replay.close();
        assert_eq!(early.await.unwrap(), "ab");
        assert_eq!(text(replay.read()).await, "ab");
    }

    #[tokio::test]
    async fn the_oldest_is_dropped() {
        let replay = Replay::new(4);
        for piece in ["aa", "bb", "cc"] {
            replay.push(output(piece));
        }
        replay.close();
        assert_eq!(text(replay.read()).await, "bbcc");
    }

    #[tokio::test]
    async fn a_slow_reader_skips_and_goes_on() {
        let replay = Replay::new(4);
        let mut slow = replay.read();
        replay.push(output("aa"));
        assert_eq!(slow.try_next().await.unwrap(), Some(output("aa")));
        for piece in ["bb", "cc", "dd"] {
            replay.push(output(piece));
        }
        replay.close();
        assert_eq!(text(slow).await, "ccdd");
    }
}
