//! The end of a sandbox's program.

use ctnr_model::SandboxState;
use futures::StreamExt;

use super::Bench;
use crate::{LogQuery, SandboxExit, Stream};

async fn next(exits: &mut Stream<SandboxExit>) -> SandboxExit {
    exits.next().await.expect("exits never end")
}

/// A program that ends by itself is told to those who listen, once.
pub async fn an_ending_program_is_told(bench: Bench) {
    let mut exits = bench.engine().exits();
    let mut slow = bench.engine().exits();
    let first = bench.create(bench.script("exit 3")).await;
    let exit = next(&mut exits).await;
    assert_eq!(exit.id, *first.id());
    assert_eq!(exit.status.state, SandboxState::Exited);
    assert_eq!(exit.status.exit.expect("an exit").code, 3);
    assert!(exit.status.finished_at.is_some());

    let second = bench.create(bench.script("exit 4")).await;
    let exit = next(&mut exits).await;
    assert_eq!(exit.id, *second.id());
    assert_eq!(exit.status.exit.expect("an exit").code, 4);

    let mut ids = vec![next(&mut slow).await.id, next(&mut slow).await.id];
    ids.sort();
    let mut expected = vec![first.id().clone(), second.id().clone()];
    expected.sort();
    assert_eq!(ids, expected, "who listens late misses none");
}

/// A stop is told as well.
pub async fn a_stop_is_told(bench: Bench) {
    let sandbox = bench.running().await;
    sandbox.logged("ready").await;
    let mut exits = bench.engine().exits();
    sandbox.stop().await;
    let exit = next(&mut exits).await;
    assert_eq!(exit.id, *sandbox.id());
    assert_eq!(exit.status.exit.expect("an exit").code, 7);
}

/// The exit code and the log of a program that has ended stay until it is deleted.
pub async fn exit_code_and_log_stay(bench: Bench) {
    let sandbox = bench
        .create(bench.script("echo out; echo err >&2; exit 5"))
        .await;
    let status = sandbox.ended().await;
    assert_eq!(status.exit.expect("an exit").code, 5);
    assert!(status.started_at <= status.finished_at);
    let log = sandbox.log(&LogQuery::default()).await;
    assert!(log.contains("out\n") && log.contains("err\n"), "{log:?}");
    let inspection = bench
        .engine()
        .inspect(&sandbox.spec)
        .await
        .expect("an inspection");
    assert_eq!(inspection.status.exit, status.exit);
}
