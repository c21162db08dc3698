//! Logs.

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::Bench;
use crate::{LogEntry, LogQuery, OutputStream};

/// Who follows a log gets its lines as they come, and the end with the program's.
pub async fn a_log_is_followed_to_its_end(bench: Bench) {
    let script = "echo one; until [ -e /tmp/go ]; do sleep 0.1; done; echo two; exit 3";
    let before = Timestamp::now();
    let sandbox = bench.create(bench.script(script)).await;
    let query = LogQuery {
        follow: true,
        ..LogQuery::default()
    };
    let mut log = sandbox.logs(&query).await;
    let first = log.next().await.expect("an entry").expect("an entry");
    assert_eq!(&first.data[..], b"one\n");
    assert!(first.time >= before, "{} is before {before}", first.time);
    sandbox.read("touch /tmp/go").await;
    let second = log.next().await.expect("an entry").expect("an entry");
    assert_eq!(&second.data[..], b"two\n");
    assert!(second.time >= first.time);
    assert!(log.next().await.is_none(), "the log ends with the program");
}

/// Each stream can be asked for alone.
pub async fn streams_are_chosen(bench: Bench) {
    let sandbox = bench.create(bench.script("echo out; echo err >&2")).await;
    sandbox.ended().await;
    for (stdout, stderr, text) in [
        (true, false, "out\n"),
        (false, true, "err\n"),
        (false, false, ""),
    ] {
        let query = LogQuery {
            stdout,
            stderr,
            ..LogQuery::default()
        };
        assert_eq!(sandbox.log(&query).await, text);
    }
    let both: Vec<LogEntry> = sandbox
        .logs(&LogQuery::default())
        .await
        .try_collect()
        .await
        .expect("the log is read");
    let of = |stream| both.iter().filter(|entry| entry.stream == stream).count();
    assert_eq!((of(OutputStream::Stdout), of(OutputStream::Stderr)), (1, 1));
}

/// The tail is the last lines, and who follows goes on from there.
pub async fn the_tail_is_the_last_lines(bench: Bench) {
    let sandbox = bench.create(bench.script("seq 1 100")).await;
    sandbox.ended().await;
    for (tail, text) in [(0, ""), (1, "100\n"), (3, "98\n99\n100\n")] {
        for follow in [false, true] {
            let query = LogQuery {
                tail: Some(tail),
                follow,
                ..LogQuery::default()
            };
            assert_eq!(sandbox.log(&query).await, text, "{query:?}");
        }
    }
    let query = LogQuery {
        tail: Some(1000),
        ..LogQuery::default()
    };
    assert_eq!(sandbox.log(&query).await.lines().count(), 100);
}

/// A log can be bounded by moments: `since` is in, `until` is not.
pub async fn moments_bound_a_log(bench: Bench) {
    let script = "for i in 1 2 3 4; do echo $i; sleep 0.3; done";
    let sandbox = bench.create(bench.script(script)).await;
    sandbox.ended().await;
    let entries: Vec<LogEntry> = sandbox
        .logs(&LogQuery::default())
        .await
        .try_collect()
        .await
        .expect("the log is read");
    assert_eq!(entries.len(), 4);
    let between = LogQuery {
        since: Some(entries[1].time),
        until: Some(entries[3].time),
        ..LogQuery::default()
    };
    assert_eq!(sandbox.log(&between).await, "2\n3\n");
    let later = LogQuery {
        since: Some(Timestamp::now()),
        ..LogQuery::default()
    };
    assert_eq!(sandbox.log(&later).await, "");
}

/// Long lines, bytes that are no text, and a last line without its end are kept as they are.
pub async fn long_lines_and_bytes_are_kept(bench: Bench) {
    let script = r"head -c 100000 /dev/zero | tr '\0' x; echo; printf 'a\000\001b\n'; printf end";
    let sandbox = bench.create(bench.script(script)).await;
    sandbox.ended().await;
    let log = sandbox.log(&LogQuery::default()).await;
    let mut lines = log.split('\n');
    assert_eq!(lines.next().map(str::len), Some(100_000));
    assert_eq!(lines.next(), Some("a\0\u{1}b"));
    assert_eq!(lines.next(), Some("end"));
}
