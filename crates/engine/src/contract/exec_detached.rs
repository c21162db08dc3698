//! Commands that outlive their caller.

use ctnr_model::ExecId;
use tokio::io::AsyncWriteExt;

use super::bench::{error, eventually, random, words};
use super::sandbox::{command, finish, until};
use super::{Bench, Sandbox};
use crate::{EngineError, ExecSpec, ExecState, Stdio, TerminalSize};

fn detached(cmd: &[&str]) -> ExecSpec {
    ExecSpec {
        detached: true,
        ..command(cmd)
    }
}

async fn state(bench: &Bench, sandbox: &Sandbox, exec: &ExecId) -> ExecState {
    let execs = bench.engine().execs(sandbox.id()).await.expect("a list");
    let found = execs.into_iter().find(|info| info.id == *exec);
    found.expect("the command is listed").state
}

/// A detached command goes on when its session is dropped, and is listed until its sandbox is
/// started anew.
pub async fn a_detached_command_outlives_its_session(bench: Bench) {
    let sandbox = bench.running().await;
    let exec = detached(&[
        "sh",
        "-c",
        "until [ -e /tmp/go ]; do sleep 0.1; done; exit 6",
    ]);
    drop(sandbox.exec(&exec).await.expect("it runs"));
    let execs = bench.engine().execs(sandbox.id()).await.expect("a list");
    assert_eq!(execs.len(), 1);
    assert_eq!(execs[0].id, exec.id);
    assert_eq!(execs[0].cmd, exec.cmd);
    assert!(!execs[0].terminal);
    assert_eq!(execs[0].state, ExecState::Running);
    sandbox.read("touch /tmp/go").await;
    let ended = eventually("the command ends", || async {
        match state(&bench, &sandbox, &exec.id).await {
            ExecState::Running => None,
            ExecState::Exited { status, .. } => Some(status),
        }
    })
    .await;
    assert_eq!(ended.code, 6);
}

/// Who joins a detached command gets what it has put out and what it puts out, can write to it,
/// and signal it; so can others at the same time.
pub async fn a_detached_command_is_joined(bench: Bench) {
    let sandbox = bench.running().await;
    let mut exec = detached(&[
        "sh",
        "-c",
        "echo before; read line; echo $line >&2; sleep 4245",
    ]);
    exec.stdio = Stdio::Pipes { stdin: true };
    let mut first = sandbox.exec(&exec).await.expect("it runs");
    until(&mut first.output, "before").await;
    drop(first);

    let engine = bench.engine();
    let mut one = engine
        .attach(sandbox.id(), &exec.id)
        .await
        .expect("it is joined");
    let mut two = engine
        .attach(sandbox.id(), &exec.id)
        .await
        .expect("it is joined");
    until(&mut one.output, "before").await;
    let mut stdin = one.stdin.take().expect("an input");
    stdin.write_all(b"hello\n").await.expect("it is written");
    until(&mut one.output, "hello").await;
    until(&mut two.output, "hello").await;
    engine
        .signal(sandbox.id(), &exec.id, 9)
        .await
        .expect("it is signalled");
    assert_eq!(one.exit.await.expect("it ends").code, 137);
    assert_eq!(two.exit.await.expect("it ends").code, 137);

    let late = engine
        .attach(sandbox.id(), &exec.id)
        .await
        .expect("it is joined");
    let output = finish(late).await.expect("it has ended");
    assert_eq!(output.stdout, "before\n");
    assert_eq!(output.stderr, "hello\n");
    assert_eq!(output.status.code, 137);
}

/// A detached command's terminal is given another size.
pub async fn a_detached_terminal_is_resized(bench: Bench) {
    let sandbox = bench.running().await;
    let script = "until [ \"$(stty size)\" = '50 132' ]; do sleep 0.1; done; echo resized";
    let mut exec = detached(&["sh", "-c", script]);
    exec.stdio = Stdio::Terminal(TerminalSize::default());
    let mut session = sandbox.exec(&exec).await.expect("it runs");
    let size = TerminalSize {
        columns: 132,
        rows: 50,
    };
    let engine = bench.engine();
    engine
        .resize(sandbox.id(), &exec.id, size)
        .await
        .expect("it is resized");
    until(&mut session.output, "resized").await;
    let execs = engine.execs(sandbox.id()).await.expect("a list");
    assert!(execs[0].terminal);
}

/// A sandbox that is started again has no commands of the time before.
pub async fn a_restart_forgets_detached_commands(bench: Bench) {
    let mut sandbox = bench.running().await;
    sandbox.logged("ready").await;
    let exec = detached(&["sleep", "100000"]);
    let session = sandbox.exec(&exec).await.expect("it runs");
    sandbox.stop().await;
    let output = finish(session).await.expect("it ends with its sandbox");
    assert_eq!(output.status.code, 137);
    sandbox.start().await;
    let execs = bench.engine().execs(sandbox.id()).await.expect("a list");
    assert!(execs.is_empty(), "{execs:?}");
}

/// A command that is not there is not found, and an attached one is not listed.
pub async fn an_unknown_exec_is_not_found(bench: Bench) {
    let sandbox = bench.running().await;
    let engine = bench.engine();
    let unknown = ExecId::from_random(random());
    for error in [
        error(engine.attach(sandbox.id(), &unknown).await),
        error(engine.signal(sandbox.id(), &unknown, 15).await),
        error(
            engine
                .resize(sandbox.id(), &unknown, TerminalSize::default())
                .await,
        ),
    ] {
        assert!(
            matches!(&error, EngineError::ExecNotFound(id) if *id == unknown),
            "{error}"
        );
    }
    let attached = sandbox
        .exec(&command(&["sleep", "100000"]))
        .await
        .expect("it runs");
    assert!(engine.execs(sandbox.id()).await.expect("a list").is_empty());
    drop(attached);
    let bad = ExecSpec {
        cmd: words(&["no-such-program"]),
        ..detached(&[])
    };
    let error = error(sandbox.exec(&bad).await);
    assert!(
        matches!(error, EngineError::CommandNotFound { .. }),
        "{error}"
    );
    assert!(engine.execs(sandbox.id()).await.expect("a list").is_empty());
}
