//! Requests that can't be served.

use std::time::Duration;

use ctnr_model::{ContainerPort, ExecId, ImageReference, SandboxId};

use super::Bench;
use super::bench::{error, random, unique, words};
use super::sandbox::command;
use crate::{EngineError, LogQuery, TerminalSize};

async fn assert_nothing(bench: &Bench) {
    let left = bench.engine().list().await.expect("a list");
    assert!(left.is_empty(), "{left:?}");
}

/// An image that is not there is named, and not fetched.
pub async fn an_unknown_image_is_not_found(bench: Bench) {
    let mut spec = bench.spec();
    let name = format!("ctnr-contract/none-{}:latest", unique());
    spec.image = ImageReference::parse(&name).expect("a reference");
    let error = error(bench.try_create(spec).await);
    assert!(
        matches!(error, EngineError::ImageNotFound { .. }),
        "{error}"
    );
    assert!(error.to_string().contains(&name), "{error}");
    assert_nothing(&bench).await;
}

/// A program that can't be run makes no sandbox.
pub async fn a_bad_command_leaves_nothing(bench: Bench) {
    for program in ["no-such-program", "/no/such/program"] {
        let mut spec = bench.spec();
        spec.process.cmd = Some(words(&[program]));
        match error(bench.try_create(spec).await) {
            EngineError::CommandNotFound { program: named } => assert_eq!(named, program),
            error => panic!("{program}: {error}"),
        }
        assert_nothing(&bench).await;
    }
    let mut spec = bench.spec();
    spec.process.cmd = Some(words(&["/etc/passwd"]));
    let refused = error(bench.try_create(spec).await);
    assert!(
        matches!(refused, EngineError::CommandNotExecutable { .. }),
        "{refused}"
    );
    let mut spec = bench.spec();
    spec.process.entrypoint = Some(Vec::new());
    spec.process.cmd = None;
    let nothing = error(bench.try_create(spec).await);
    assert!(matches!(nothing, EngineError::BadRequest(_)), "{nothing}");
    assert_nothing(&bench).await;
}

/// A user that the image does not know makes no sandbox.
pub async fn a_bad_user_leaves_nothing(bench: Bench) {
    let mut spec = bench.spec();
    spec.process.user = Some("nobody-here".parse().expect("a user"));
    let error = error(bench.try_create(spec).await);
    assert!(matches!(error, EngineError::BadRequest(_)), "{error}");
    assert!(error.to_string().contains("nobody-here"), "{error}");
    assert_nothing(&bench).await;
}

/// A name is one sandbox's, where the engine knows names at all.
pub async fn a_taken_name_is_refused(bench: Bench) {
    let first = bench.running().await;
    let mut spec = bench.spec();
    spec.name = first.spec.name.clone();
    match bench.try_create(spec).await {
        Err(EngineError::Conflict(text)) => {
            assert!(text.contains(first.spec.name.as_str()), "{text}");
            let listed = bench.engine().list().await.expect("a list");
            assert_eq!(listed.len(), 1);
            assert_eq!(listed[0].id, *first.id(), "the first is still there");
        }
        Err(error) => panic!("{error}"),
        // Names are the control plane's then; the two must not be mixed up.
        Ok(second) => {
            second.read("touch /tmp/second").await;
            assert_ne!(first.sh("test -e /tmp/second").await.status.code, 0);
        }
    }
}

/// Whatever is asked of a sandbox that is not there, it is not found; only deleting it is done.
pub async fn an_unknown_sandbox_is_not_found(bench: Bench) {
    let engine = bench.engine();
    let spec = bench.spec();
    let id = SandboxId::from_random(random());
    let exec = ExecId::from_random(random());
    let port = ContainerPort::parse("80").expect("a port");
    for (what, error) in [
        ("start", error(engine.start(&spec, &[]).await)),
        ("stop", error(engine.stop(&id, Duration::ZERO).await)),
        ("status", error(engine.status(&id).await)),
        ("inspect", error(engine.inspect(&spec).await)),
        ("exec", error(engine.exec(&id, &command(&["true"])).await)),
        ("attach", error(engine.attach(&id, &exec).await)),
        ("execs", error(engine.execs(&id).await)),
        ("signal", error(engine.signal(&id, &exec, 15).await)),
        (
            "resize",
            error(engine.resize(&id, &exec, TerminalSize::default()).await),
        ),
        ("logs", error(engine.logs(&id, &LogQuery::default()).await)),
        ("files", error(engine.files(&id).await)),
        ("connect", error(engine.connect(&id, port).await)),
    ] {
        assert!(
            matches!(error, EngineError::SandboxNotFound),
            "{what}: {error}"
        );
    }
    engine.delete(&id).await.expect("nothing is to be deleted");
}

/// What needs a running sandbox says so.
pub async fn a_stopped_sandbox_runs_nothing(bench: Bench) {
    let sandbox = bench.create(bench.script("true")).await;
    sandbox.ended().await;
    let ran = error(sandbox.exec(&command(&["true"])).await);
    assert!(matches!(ran, EngineError::NotRunning), "{ran}");
    let port = ContainerPort::parse("80").expect("a port");
    let connected = error(bench.engine().connect(sandbox.id(), port).await);
    assert!(matches!(connected, EngineError::NotRunning), "{connected}");
}

/// A command without a program, or with a NUL in it, is the caller's mistake.
pub async fn an_empty_command_is_refused(bench: Bench) {
    let sandbox = bench.running().await;
    for cmd in [&[][..], &[""], &["echo", "a\0b"]] {
        let error = error(sandbox.exec(&command(cmd)).await);
        assert!(
            matches!(error, EngineError::BadRequest(_)),
            "{cmd:?}: {error}"
        );
    }
}
