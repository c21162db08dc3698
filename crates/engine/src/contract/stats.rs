//! What sandboxes use of the host.

use super::Bench;
use super::bench::{assert_unsupported, eventually};
use crate::{Capability, EngineError};

/// What a sandbox does shows up in what is counted for it.
pub async fn use_of_the_host_is_counted(bench: Bench) {
    let sandbox = bench.running().await;
    if !bench.has(Capability::Stats) {
        return assert_unsupported(bench.engine().stats(sandbox.id()).await, Capability::Stats);
    }
    let read = async || {
        let stats = bench.engine().stats(sandbox.id()).await;
        stats.expect("what it uses")
    };
    let before = read().await;
    assert!(before.pids.current >= 1, "{before:?}");
    assert!(before.memory.usage > 0, "{before:?}");
    assert!(
        before.memory.inactive_file <= before.memory.usage,
        "{before:?}"
    );
    assert!(before.cpu.online >= 1 && before.cpu.host > 0, "{before:?}");
    if bench.has(Capability::Limits) {
        assert_eq!(before.pids.limit, Some(4096));
        assert_eq!(before.memory.limit, Some(2 << 30));
    }

    // A command that has ended counts as well as one that is still there.
    sandbox
        .read("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")
        .await;
    sandbox
        .read("for i in 1 2 3; do sleep 100000 & done > /dev/null 2>&1")
        .await;
    eventually("what it used is counted", || async {
        let after = read().await;
        let counted = after.cpu.total >= before.cpu.total + 20_000_000
            && after.cpu.host > before.cpu.host
            && after.pids.current >= before.pids.current + 3;
        counted.then_some(())
    })
    .await;
    if bench.has(Capability::Egress) {
        let sent = |stats: &crate::Stats| stats.networks["eth0"].tx_bytes;
        let before = sent(&read().await);
        // Nobody needs to answer: the packets leave the sandbox.
        sandbox.sh("nc -w 1 192.0.2.1 9 < /dev/null").await;
        eventually("what it sent is counted", || async {
            (sent(&read().await) > before).then_some(())
        })
        .await;
    }
}

/// There is nothing to be told of a sandbox that does not run, or is not there.
pub async fn a_stopped_sandbox_uses_nothing(bench: Bench) {
    let sandbox = bench.running().await;
    if !bench.has(Capability::Stats) {
        return assert_unsupported(bench.engine().stats(sandbox.id()).await, Capability::Stats);
    }
    sandbox.stop().await;
    let stats = bench.engine().stats(sandbox.id()).await;
    assert!(matches!(stats, Err(EngineError::NotRunning)), "{stats:?}");
    bench
        .engine()
        .delete(sandbox.id())
        .await
        .expect("it is deleted");
    let stats = bench.engine().stats(sandbox.id()).await;
    assert!(
        matches!(stats, Err(EngineError::SandboxNotFound)),
        "{stats:?}"
    );
}
