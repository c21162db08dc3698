//! Sessions of commands: input, terminals, signals, and their end.

use futures::StreamExt;
use tokio::io::AsyncWriteExt;

use super::Bench;
use super::bench::eventually;
use super::sandbox::{command, finish, until};
use crate::{OutputStream, Stdio, TerminalSize};

/// Input reaches the command, and its end does as well, while the output goes on.
pub async fn stdin_is_read_to_its_end(bench: Bench) {
    let sandbox = bench.running().await;
    let mut exec = command(&["sh", "-c", "cat; echo the end"]);
    exec.stdio = Stdio::Pipes { stdin: true };
    let mut session = sandbox.exec(&exec).await.expect("it runs");
    let mut stdin = session.stdin.take().expect("an input");
    stdin.write_all(b"one\n").await.expect("it is written");
    until(&mut session.output, "one\n").await;
    stdin.write_all(b"two\n").await.expect("it is written");
    drop(stdin);
    let output = finish(session).await.expect("it ends");
    assert_eq!(output.stdout, "two\nthe end\n");
    assert_eq!(output.status.code, 0);

    let mut exec = command(&["wc", "-c"]);
    exec.stdio = Stdio::Pipes { stdin: true };
    let mut session = sandbox.exec(&exec).await.expect("it runs");
    let mut stdin = session.stdin.take().expect("an input");
    let much = vec![b'x'; 1 << 20];
    stdin.write_all(&much).await.expect("it is written");
    stdin.shutdown().await.expect("it is closed");
    let output = finish(session).await.expect("it ends");
    assert_eq!(output.stdout.trim(), "1048576");
}

/// A command without input reads an end of file at once.
pub async fn without_stdin_there_is_an_end_of_file(bench: Bench) {
    let sandbox = bench.running().await;
    let session = sandbox.exec(&command(&["cat"])).await.expect("it runs");
    assert!(session.stdin.is_none());
    let output = finish(session).await.expect("it ends");
    assert_eq!((output.stdout.as_str(), output.status.code), ("", 0));
}

/// A terminal is a terminal, of the size that was asked for and then of the one it is given.
pub async fn a_terminal_has_its_size(bench: Bench) {
    let sandbox = bench.running().await;
    let script = "test -t 0 && test -t 1 && test -t 2 && echo a terminal
        until [ \"$(stty size)\" = '40 100' ]; do sleep 0.1; done; echo first
        until [ \"$(stty size)\" = '50 132' ]; do sleep 0.1; done; echo second; echo err >&2
        read line; echo got $line";
    let mut exec = command(&["sh", "-c", script]);
    exec.stdio = Stdio::Terminal(TerminalSize {
        columns: 100,
        rows: 40,
    });
    let mut session = sandbox.exec(&exec).await.expect("it runs");
    let seen = until(&mut session.output, "first").await;
    assert!(seen.contains("a terminal\r\n"), "{seen:?}");
    let size = TerminalSize {
        columns: 132,
        rows: 50,
    };
    session.control.resize(size).await.expect("it is resized");
    until(&mut session.output, "second\r\nerr\r\n").await;
    let mut stdin = session.stdin.take().expect("an input");
    stdin.write_all(b"words\n").await.expect("it is written");
    let seen = until(&mut session.output, "got words\r\n").await;
    assert!(
        seen.starts_with("words\r\n"),
        "the terminal echoes: {seen:?}"
    );
    drop(stdin);
    assert_eq!(session.exit.await.expect("it ends").code, 0);
}

/// Whatever a program writes to its terminal is output, also where it looks like framing.
pub async fn a_terminals_output_is_never_framing(bench: Bench) {
    let sandbox = bench.running().await;
    let script = r"printf '\001\000\000\000\377\377\377\377'; printf '\002x'; echo done";
    let mut exec = command(&["sh", "-c", script]);
    exec.stdio = Stdio::Terminal(TerminalSize::default());
    let mut session = sandbox.exec(&exec).await.expect("it runs");
    let mut bytes = Vec::new();
    while let Some(piece) = session.output.next().await {
        let piece = piece.expect("output");
        assert_eq!(piece.stream, OutputStream::Stdout);
        bytes.extend_from_slice(&piece.data);
    }
    assert_eq!(bytes, b"\x01\0\0\0\xff\xff\xff\xff\x02xdone\r\n");
}

/// A signal reaches the command and those that it started.
pub async fn a_signal_reaches_the_command(bench: Bench) {
    let sandbox = bench.running().await;
    let script = "trap 'echo caught; exit 9' USR1; echo ready; while :; do sleep 0.1; done";
    let mut session = sandbox
        .exec(&command(&["sh", "-c", script]))
        .await
        .expect("it runs");
    until(&mut session.output, "ready").await;
    session.control.signal(10).await.expect("it is signalled");
    until(&mut session.output, "caught").await;
    assert_eq!(session.exit.await.expect("it ends").code, 9);

    let session = sandbox
        .exec(&command(&["sh", "-c", "sleep 4243 & sleep 4244"]))
        .await
        .expect("it runs");
    eventually("both run", || async {
        let ps = sandbox.read("ps").await;
        (ps.contains("sleep 4243") && ps.contains("sleep 4244")).then_some(())
    })
    .await;
    session.control.signal(9).await.expect("it is signalled");
    assert_eq!(session.exit.await.expect("it ends").code, 137);
    eventually("none is left", || async {
        let ps = sandbox.read("ps").await;
        (!ps.contains("sleep 4243") && !ps.contains("sleep 4244")).then_some(())
    })
    .await;
}

/// A session that is dropped takes its command with it.
pub async fn a_dropped_session_kills(bench: Bench) {
    let sandbox = bench.running().await;
    let mut session = sandbox
        .exec(&command(&["sh", "-c", "echo ready; sleep 4242; echo late"]))
        .await
        .expect("it runs");
    until(&mut session.output, "ready").await;
    assert!(sandbox.read("ps").await.contains("sleep 4242"));
    drop(session);
    eventually("the command is killed", || async {
        let ps = sandbox.read("ps").await;
        (!ps.contains("sleep 4242")).then_some(())
    })
    .await;
}
