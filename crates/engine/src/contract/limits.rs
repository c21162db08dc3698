//! Limits on the use of the host.

use ctnr_model::{ByteSize, PidLimit};

use super::Bench;
use super::bench::{assert_unsupported, words};
use super::sandbox::command;
use crate::Capability;

/// A sandbox that breeds processes stops at its limit, and is still there to be deleted.
pub async fn processes_are_limited(bench: Bench) {
    let mut spec = bench.spec();
    spec.limits.pids = Some(PidLimit::new(20).expect("a limit"));
    if !bench.has(Capability::Limits) {
        return assert_unsupported(bench.try_create(spec).await, Capability::Limits);
    }
    let sandbox = bench.create(spec).await;
    let bomb = "for i in $(seq 100); do sleep 100000 & done; echo all";
    let output = sandbox.run(&command(&["sh", "-c", bomb])).await;
    let output = output.expect("it runs into the limit");
    assert!(
        !output.stdout.contains("all") || output.stderr.contains("fork"),
        "{output:?}"
    );
    let mut spec = bench.script(":(){ :|:& };: ; sleep 100000");
    spec.limits.pids = Some(PidLimit::new(30).expect("a limit"));
    let bomb = bench.create(spec).await;
    bench
        .engine()
        .delete(bomb.id())
        .await
        .expect("it is deleted");
}

/// A program that takes more memory than it may is killed, and that is told.
pub async fn memory_is_limited(bench: Bench) {
    let mut spec = bench.spec();
    spec.limits.memory = Some(ByteSize::from_mib(32));
    spec.process.cmd = Some(words(&["tail", "/dev/zero"]));
    if !bench.has(Capability::Limits) {
        return assert_unsupported(bench.try_create(spec).await, Capability::Limits);
    }
    let sandbox = bench.create(spec).await;
    let exit = sandbox.ended().await.exit.expect("an exit");
    assert_eq!(exit.code, 137);
    assert!(exit.oom_killed, "{exit:?}");
}
