//! The whole of a command's output, up to a bound.

use ctnr_api::{ExecResult, TextEncoding};
use ctnr_engine::{EngineError, ExecOutput, OutputStream};

use super::session::{Running, Step};
use super::text::encode;

/// The most bytes of output that are kept; what follows is read and dropped, so that the command
/// goes on to its end.
const LIMIT: usize = 16 * 1024 * 1024;

#[derive(Default)]
struct Collected {
    output: Vec<u8>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    truncated: bool,
}

impl Collected {
    fn take(&mut self, output: &ExecOutput) {
        let room = LIMIT - self.output.len();
        let data = &output.data[..output.data.len().min(room)];
        self.truncated |= data.len() < output.data.len();
        self.output.extend_from_slice(data);
        match output.stream {
            OutputStream::Stdout => self.stdout.extend_from_slice(data),
            OutputStream::Stderr => self.stderr.extend_from_slice(data),
        }
    }
}

/// Runs a command to its end.
pub(super) async fn collect(
    mut running: Running,
    encoding: TextEncoding,
) -> Result<ExecResult, EngineError> {
    let mut collected = Collected::default();
    let ended = loop {
        match running.step().await {
            Step::Output(output) => collected.take(&output),
            Step::Ended(ended) => break ended,
            Step::Lost(error) => return Err(error),
        }
    };
    Ok(ExecResult {
        output: encode(encoding, collected.output),
        stdout: encode(encoding, collected.stdout),
        stderr: encode(encoding, collected.stderr),
        exit_code: ended.exit_code,
        truncated: collected.truncated,
        timed_out: ended.timed_out,
        oom_killed: ended.oom_killed,
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn output_past_the_bound_is_dropped_and_said_so() {
        let mut collected = Collected::default();
        let piece = |data: Bytes| ExecOutput {
            stream: OutputStream::Stdout,
            data,
        };
        collected.take(&piece(vec![b'x'; LIMIT - 1].into()));
        assert!(!collected.truncated);
        collected.take(&piece(Bytes::from_static(b"yz")));
        assert!(collected.truncated);
        assert_eq!(collected.output.len(), LIMIT);
        assert_eq!(collected.stdout.last(), Some(&b'y'));
        collected.take(&piece(Bytes::from_static(b"more")));
        assert_eq!(collected.output.len(), LIMIT);
    }
}
