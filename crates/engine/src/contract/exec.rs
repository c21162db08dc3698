//! Commands: what they get and what comes of them.

use ctnr_model::EnvVar;

use super::Bench;
use super::bench::error;
use super::sandbox::{command, path};
use crate::EngineError;

/// Standard output and standard error come apart.
pub async fn streams_are_split(bench: Bench) {
    let sandbox = bench.running().await;
    let output = sandbox.sh("echo out; echo err >&2").await;
    assert_eq!(output.stdout, "out\n");
    assert_eq!(output.stderr, "err\n");
    assert_eq!(output.status.code, 0);
}

/// Exit codes are the command's own, and 128 and the number where a signal ended it.
pub async fn exit_codes_are_passed_on(bench: Bench) {
    let sandbox = bench.running().await;
    for (script, code) in [
        ("true", 0),
        ("exit 3", 3),
        ("exit 255", 255),
        // What the shell itself answers is no failure of the engine's.
        ("no-such-program", 127),
        ("exit 126", 126),
        ("kill -9 $$", 137),
        ("kill -15 $$", 143),
    ] {
        assert_eq!(sandbox.sh(script).await.status.code, code, "{script}");
    }
}

/// A command that does not exist is told before anything runs.
pub async fn a_missing_command_is_not_found(bench: Bench) {
    let sandbox = bench.running().await;
    for program in ["no-such-program", "/bin/no-such-program", "./nothing"] {
        match error(sandbox.exec(&command(&[program])).await) {
            EngineError::CommandNotFound { program: named } => assert_eq!(named, program),
            error => panic!("{program}: {error}"),
        }
    }
}

/// A file that can't be executed is told apart from one that does not exist.
pub async fn a_file_that_is_no_program_is_not_executable(bench: Bench) {
    let sandbox = bench.running().await;
    for program in ["/etc/passwd", "/etc"] {
        match error(sandbox.exec(&command(&[program])).await) {
            EngineError::CommandNotExecutable { program: named, .. } => assert_eq!(named, program),
            error => panic!("{program}: {error}"),
        }
    }
}

/// The command's environment is the sandbox's with its own over it.
pub async fn environment_is_added(bench: Bench) {
    let mut spec = bench.spec();
    spec.process.env = vec![
        EnvVar::parse("A=sandbox").expect("a variable"),
        EnvVar::parse("B=sandbox").expect("a variable"),
    ];
    let sandbox = bench.create(spec).await;
    let mut exec = command(&["sh", "-c", "echo $FROM_IMAGE $A $B $C"]);
    exec.env = vec![
        EnvVar::parse("B=exec").expect("a variable"),
        EnvVar::parse("C=$x \"y\"").expect("a variable"),
    ];
    let output = sandbox.run(&exec).await.expect("it runs");
    assert_eq!(output.stdout, "yes sandbox exec $x \"y\"\n");
}

/// The working directory is the sandbox's, or the command's own.
pub async fn working_directory_is_set(bench: Bench) {
    let mut spec = bench.spec();
    spec.process.workdir = Some(path("/home"));
    let sandbox = bench.create(spec).await;
    assert_eq!(sandbox.read("pwd").await, "/home");
    let mut exec = command(&["pwd"]);
    exec.workdir = Some(path("/home/user"));
    let output = sandbox.run(&exec).await.expect("it runs");
    assert_eq!(output.stdout, "/home/user\n");
    exec.workdir = Some(path("/no/such/directory"));
    let error = error(sandbox.exec(&exec).await);
    assert!(matches!(error, EngineError::BadRequest(_)), "{error}");
}

/// A user is a name or a number, read in the sandbox.
pub async fn user_is_set(bench: Bench) {
    let sandbox = bench.running().await;
    for (user, ids) in [
        ("user", "1000:1000"),
        ("1000", "1000:1000"),
        ("user:extra", "1000:2000"),
        ("4242:4343", "4242:4343"),
        ("0", "0:0"),
    ] {
        let mut exec = command(&["sh", "-c", "echo $(id -u):$(id -g)"]);
        exec.user = Some(user.parse().expect("a user"));
        let output = sandbox.run(&exec).await.expect("it runs");
        assert_eq!(output.stdout.trim_end(), ids, "{user}");
    }
}

/// A user that the sandbox does not know is the caller's mistake.
pub async fn an_unknown_user_is_refused(bench: Bench) {
    let sandbox = bench.running().await;
    for user in ["nobody-here", "user:nobody-here"] {
        let mut exec = command(&["id"]);
        exec.user = Some(user.parse().expect("a user"));
        let error = error(sandbox.exec(&exec).await);
        assert!(
            matches!(error, EngineError::BadRequest(_)),
            "{user}: {error}"
        );
    }
}
