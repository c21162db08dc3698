//! Much output, and many commands.

use futures::future::join_all;
use futures::{FutureExt, StreamExt};

use super::Bench;
use super::sandbox::command;

const BYTES: usize = 10 << 20;

/// Output waits for its reader, and none is lost.
pub async fn ten_megabytes_wait_for_a_slow_reader(bench: Bench) {
    let sandbox = bench.running().await;
    let script = format!("head -c {BYTES} /dev/zero | tr '\\0' x");
    let session = sandbox
        .exec(&command(&["sh", "-c", &script]))
        .await
        .expect("it runs");
    let mut exit = session.exit;
    let mut output = session.output;
    let first = output.next().await.expect("output").expect("output");
    // The rest fits into no buffer, so the command can't have ended.
    assert!(
        exit.as_mut().now_or_never().is_none(),
        "the command waits for its reader"
    );
    let mut read = first.data.len();
    while let Some(piece) = output.next().await {
        let piece = piece.expect("output");
        assert!(piece.data.iter().all(|byte| *byte == b'x'));
        read += piece.data.len();
        tokio::task::yield_now().await;
    }
    assert_eq!(read, BYTES);
    assert_eq!(exit.await.expect("it ends").code, 0);
}

/// Fifty commands run at once, each with its own output and exit code.
pub async fn fifty_run_in_parallel(bench: Bench) {
    let sandbox = bench.running().await;
    let outputs = join_all((0..50).map(|number| {
        let sandbox = &sandbox;
        async move {
            let script = format!("echo out {number}; echo err {number} >&2; exit {number}");
            sandbox.sh(&script).await
        }
    }))
    .await;
    for (number, output) in outputs.iter().enumerate() {
        assert_eq!(output.stdout, format!("out {number}\n"));
        assert_eq!(output.stderr, format!("err {number}\n"));
        assert_eq!(usize::try_from(output.status.code), Ok(number));
    }
}
