//! From create to delete.

use std::time::Duration;

use ctnr_model::{EnvVar, SandboxState};
use futures::future::join_all;

use super::Bench;
use super::bench::words;
use super::sandbox::path;
use crate::{EngineError, LogQuery};

/// A sandbox that was made runs, is listed, and can be inspected.
pub async fn create_starts_the_program(bench: Bench) {
    let sandbox = bench.running().await;
    assert_eq!(sandbox.started.status.state, SandboxState::Running);
    assert!(sandbox.started.status.started_at.is_some());
    assert_eq!(sandbox.started.status.exit, None);
    assert!(sandbox.status().await.pid.is_some());

    let listed = bench.engine().list().await.expect("a list");
    let ids: Vec<_> = listed.iter().map(|observed| &observed.id).collect();
    assert_eq!(ids, [sandbox.id()]);
    assert_eq!(listed[0].status.state, SandboxState::Running);

    let inspection = bench
        .engine()
        .inspect(&sandbox.spec)
        .await
        .expect("an inspection");
    let image = bench
        .engine()
        .images()
        .inspect(&sandbox.spec.image.familiar())
        .await;
    assert_eq!(
        inspection.image_id,
        Some(image.expect("the image").summary.id)
    );
    let process = inspection.process.expect("a process");
    assert_eq!(process.args[0], "sh");
    assert!(
        process
            .env
            .contains(&EnvVar::parse("FROM_IMAGE=yes").expect("a variable"))
    );
    if let Some(docker) = inspection.docker {
        assert_eq!(docker["Id"], sandbox.id().as_str());
        assert!(
            !docker.to_string().contains("dev.ctnr."),
            "own labels are hidden"
        );
    }
}

/// A stop lets the program end by itself, and a second one does nothing.
pub async fn stop_lets_the_program_end(bench: Bench) {
    let sandbox = bench.running().await;
    sandbox.logged("ready").await;
    let stopped = sandbox.stop().await;
    assert_eq!(stopped.state, SandboxState::Exited);
    assert_eq!(stopped.exit.expect("an exit").code, 7);
    assert!(stopped.finished_at.is_some());
    assert_eq!(stopped.pid, None);
    assert_eq!(sandbox.stop().await.exit, stopped.exit);
    assert_eq!(sandbox.status().await.state, SandboxState::Exited);
    let listed = bench.engine().list().await.expect("a list");
    assert_eq!(listed[0].status.state, SandboxState::Exited);
}

/// A program that does not heed the stop signal is killed after the grace.
pub async fn stop_kills_after_the_grace(bench: Bench) {
    let spec = bench.script("trap '' TERM; echo ready; while :; do sleep 1; done");
    let sandbox = bench.create(spec).await;
    sandbox.logged("ready").await;
    let stopped = bench
        .engine()
        .stop(sandbox.id(), Duration::from_secs(1))
        .await;
    let exit = stopped.expect("it is stopped").exit.expect("an exit");
    assert_eq!(exit.code, 137);
    assert!(!exit.oom_killed);
}

/// A stop that grants a long time holds up none that grants less.
pub async fn stop_with_less_grace_goes_first(bench: Bench) {
    let spec = bench.script("trap 'echo asked' TERM; echo ready; while :; do sleep 1; done");
    let sandbox = bench.create(spec).await;
    sandbox.logged("ready").await;
    let patient = bench.engine().stop(sandbox.id(), Duration::from_secs(3600));
    let impatient = async {
        sandbox.logged("asked").await;
        bench.engine().stop(sandbox.id(), Duration::ZERO).await
    };
    let (patient, impatient) = futures::join!(patient, impatient);
    for stopped in [patient, impatient] {
        let exit = stopped.expect("it is stopped").exit.expect("an exit");
        assert_eq!(exit.code, 137);
    }
}

/// A sandbox that is started again has its files, its ports and its log.
pub async fn start_goes_on_over_the_same_files(bench: Bench) {
    let mut spec = bench.spec();
    spec.ports = vec![
        "8080/tcp".parse().expect("a port"),
        "9090".parse().expect("a port"),
    ];
    let mut sandbox = bench.create(spec).await;
    let ports = sandbox.started.ports.clone();
    assert_eq!(ports.len(), 2);
    sandbox.logged("ready").await;
    sandbox
        .read("echo kept > /root/file; echo lost > /dev/shm/file")
        .await;
    let first = sandbox.status().await;
    sandbox.stop().await;

    sandbox.start().await;
    assert_eq!(sandbox.started.ports, ports);
    assert_eq!(sandbox.started.status.state, SandboxState::Running);
    assert!(sandbox.status().await.started_at > first.started_at);
    assert_eq!(sandbox.status().await.exit, None);
    assert_eq!(sandbox.read("cat /root/file").await, "kept");
    assert_eq!(sandbox.sh("test -e /dev/shm/file").await.status.code, 1);
    let listed = bench.engine().list().await.expect("a list");
    assert_eq!(listed[0].ports, ports);
    super::bench::eventually("the log holds both runs", || async {
        let log = sandbox.log(&LogQuery::default()).await;
        (log.matches("ready").count() == 2).then_some(())
    })
    .await;
}

/// A deleted sandbox is gone, deleting it again is no error, and its name is free.
pub async fn delete_leaves_nothing(bench: Bench) {
    let sandbox = bench.running().await;
    let engine = bench.engine();
    engine.delete(sandbox.id()).await.expect("it is deleted");
    assert!(engine.list().await.expect("a list").is_empty());
    let status = engine.status(sandbox.id()).await;
    assert!(
        matches!(status, Err(EngineError::SandboxNotFound)),
        "{status:?}"
    );
    engine
        .delete(sandbox.id())
        .await
        .expect("it is gone already");
    let mut again = bench.spec();
    again.name = sandbox.spec.name.clone();
    bench.create(again).await;
}

/// Sandboxes are made and deleted at the same time.
pub async fn many_at_once(bench: Bench) {
    let sandboxes = join_all((0..8).map(|_| bench.running())).await;
    assert_eq!(bench.engine().list().await.expect("a list").len(), 8);
    let deleted = join_all(
        sandboxes
            .iter()
            .map(|sandbox| bench.engine().delete(sandbox.id())),
    )
    .await;
    assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
    assert!(bench.engine().list().await.expect("a list").is_empty());
}

/// What the user changes of the image's process reaches the program.
pub async fn overrides_reach_the_program(bench: Bench) {
    let mut spec = bench.spec();
    spec.process.entrypoint = Some(words(&["sh", "-c"]));
    spec.process.cmd = Some(words(&["id -u; id -g; pwd; echo $FROM_IMAGE $FROM_USER"]));
    spec.process.env = vec![EnvVar::parse("FROM_USER=a b").expect("a variable")];
    spec.process.workdir = Some(path("/home/user"));
    spec.process.user = Some("user".parse().expect("a user"));
    let sandbox = bench.create(spec).await;
    assert_eq!(sandbox.ended().await.exit.expect("an exit").code, 0);
    let log = sandbox.log(&LogQuery::default()).await;
    assert_eq!(log, "1000\n1000\n/home/user\nyes a b\n");
}
