//! The command line as a user types it.

use std::process::{Command, Stdio};

use ctnr_e2e::{Backend, Ran, built, busybox, eventually, run, run_with};
use serde_json::{Value, json};

fn ctnr(backend: &Backend, line: &str) -> Command {
    let mut command = Command::new(built("ctnr"));
    command
        .env("CONTAINERS_URL", backend.api().base())
        .args(line.split_whitespace());
    command
}

fn ask(backend: &Backend, line: &str) -> Ran {
    run(&mut ctnr(backend, line))
}

#[test]
fn a_sandbox_from_create_to_rm() {
    let backend = Backend::native();
    let created = ask(
        &backend,
        "sandbox create --name web -p 80 -l team=blue busybox sleep 1000",
    );
    let id = created.clone().ok().trim().to_owned();
    assert_eq!(id.len(), 64, "{created:?}");
    let listed = ask(&backend, "sandbox ls").ok();
    assert!(
        listed.contains("web") && listed.contains(&id[..12]) && listed.contains("Up "),
        "{listed}"
    );
    assert_eq!(ask(&backend, "sandbox ls -q --no-trunc").ok().trim(), id);
    assert_eq!(ask(&backend, "sandbox ls --label team=red -q").ok(), "");
    let list: Value = serde_json::from_str(&ask(&backend, "sandbox ls --json").ok()).unwrap();
    assert_eq!(list["sandboxes"][0]["Names"], json!(["/web"]));
    let details: Value =
        serde_json::from_str(&ask(&backend, "sandbox inspect --json web").ok()).unwrap();
    let details = if details.is_array() {
        details[0].clone()
    } else {
        details
    };
    assert_eq!(details["Id"], id);
    ask(&backend, "sandbox stop -t 0 web").ok();
    assert_eq!(ask(&backend, "sandbox ls -q").ok(), "");
    assert!(ask(&backend, "sandbox ls -a").ok().contains("Exited"));
    ask(&backend, "sandbox restart web").ok();
    ask(&backend, "sandbox create --name other busybox sleep 1000").ok();
    ask(&backend, "sandbox rm --all --yes").ok();
    assert_eq!(ask(&backend, "sandbox ls -aq").ok(), "");
}

#[test]
fn exit_codes_are_the_commands() {
    let backend = Backend::native();
    ask(&backend, "sandbox create --name web busybox sleep 1000").ok();
    for (line, code) in [
        ("true", 0),
        ("false", 1),
        ("sh -c exit\u{a0}7", 7),
        ("no-such-program", 127),
        ("/etc/passwd", 126),
    ] {
        let mut command = ctnr(&backend, "sandbox exec web");
        command.args(line.split(' ').map(|word| word.replace('\u{a0}', " ")));
        let ran = run(&mut command);
        assert_eq!(ran.code, code, "{line}: {ran:?}");
    }
    assert_eq!(ask(&backend, "sandbox exec nobody true").code, 125);
    assert_eq!(ask(&backend, "sandbox exec").code, 125);
    let streams = run(ctnr(&backend, "sandbox exec web sh -c").arg("echo out; echo err >&2"));
    assert_eq!(
        (streams.stdout.as_str(), streams.stderr.as_str()),
        ("out\n", "err\n")
    );
    let input: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let counted = run_with(&mut ctnr(&backend, "sandbox exec -i web wc -c"), &input);
    assert_eq!(counted.ok().trim(), "300000");
    let slow = ask(&backend, "sandbox exec --timeout 0.5s web sleep 100");
    assert_eq!(slow.code, 124, "{slow:?}");
    let json = ask(&backend, "sandbox exec --json web echo hello").ok();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["output"], "hello\n");
}

/// A terminal: what is typed is echoed, and its size is the caller's.
#[test]
fn exec_with_a_terminal() {
    let backend = Backend::native();
    ask(&backend, "sandbox create --name web busybox sleep 1000").ok();
    let line = format!(
        "stty rows 33 cols 101; {} sandbox exec -it web sh -c 'tty; stty size; exit 9'",
        built("ctnr").display()
    );
    let ran = run(Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env("CONTAINERS_URL", backend.api().base()));
    assert_eq!(ran.code, 9, "{ran:?}");
    assert!(
        ran.stdout.contains("/dev/pts/0") && ran.stdout.contains("33 101"),
        "{ran:?}"
    );
}

#[test]
fn logs_are_followed() {
    let backend = Backend::native();
    let mut create = ctnr(&backend, "sandbox create --name web busybox sh -c");
    run(create.arg(
        "echo first; echo wrong >&2; trap 'echo last; exit 3' USR1; while :; do sleep 0.1; done",
    ))
    .ok();
    let following = ctnr(&backend, "sandbox logs -f web")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("the first line", || {
        match ask(&backend, "sandbox logs web") {
            ran if ran.stdout == "first\n" && ran.stderr == "wrong\n" => Ok(()),
            ran => Err(format!("{ran:?}")),
        }
    });
    ask(&backend, "sandbox exec web kill -USR1 1").ok();
    let followed = following.wait_with_output().unwrap();
    assert!(followed.status.success(), "{followed:?}");
    assert_eq!(String::from_utf8_lossy(&followed.stdout), "first\nlast\n");
    assert_eq!(String::from_utf8_lossy(&followed.stderr), "wrong\n");
    assert_eq!(ask(&backend, "sandbox logs --tail 1 web").stdout, "last\n");
}

#[test]
fn files_are_copied_both_ways() {
    let backend = Backend::native();
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    std::fs::create_dir_all(source.join("deep/er")).unwrap();
    std::fs::write(source.join("deep/er/file"), "text").unwrap();
    std::fs::write(source.join("empty"), "").unwrap();
    std::os::unix::fs::symlink("deep/er/file", source.join("link")).unwrap();
    let big: Vec<u8> = (0..=255).cycle().take(5_000_000).collect();
    std::fs::write(source.join("big"), &big).unwrap();
    ask(&backend, "sandbox create --name web busybox sleep 1000").ok();
    let from = source.display();
    ask(&backend, &format!("sandbox cp {from} web:/tmp")).ok();
    let seen = ask(&backend, "sandbox exec web find /tmp/source").ok();
    assert_eq!(seen.lines().count(), 7, "{seen}");
    assert_eq!(
        ask(&backend, "sandbox exec web cat /tmp/source/link").ok(),
        "text"
    );
    let back = folder.path().join("back");
    ask(
        &backend,
        &format!("sandbox cp web:/tmp/source {}", back.display()),
    )
    .ok();
    let same = run(Command::new("diff")
        .arg("--recursive")
        .arg("--no-dereference")
        .args([&source, &back]));
    assert_eq!((same.code, same.stdout.as_str()), (0, ""));
    let missing = ask(
        &backend,
        &format!("sandbox cp web:/no/such/file {}", back.display()),
    );
    assert_eq!(missing.code, 125);
    // An archive of a sandbox's may not write outside of where it is unpacked.
    ask(&backend, "sandbox exec web ln -s / /tmp/root").ok();
    let tar = run(&mut ctnr(&backend, "sandbox cp web:/tmp/source -"));
    assert_eq!(tar.code, 0);
}

#[test]
fn images() {
    let backend = Backend::builder().start();
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("busybox.tar");
    std::fs::write(&archive, busybox().archive()).unwrap();
    ask(&backend, &format!("image import {}", archive.display())).ok();
    let list: Value = serde_json::from_str(&ask(&backend, "image ls --json").ok()).unwrap();
    assert_eq!(list["images"][0]["RepoTags"], json!(["busybox:latest"]));
    ask(&backend, "image tag busybox mine:1").ok();
    let exported = folder.path().join("exported.tar");
    ask(
        &backend,
        &format!("image export -o {} mine:1", exported.display()),
    )
    .ok();
    ask(&backend, "image rm busybox mine:1").ok();
    assert_eq!(ask(&backend, "image ls -q").ok(), "");
    ask(&backend, &format!("image import {}", exported.display())).ok();
    assert!(ask(&backend, "image ls").ok().contains("mine"));
    let truncated = folder.path().join("truncated.tar");
    let bytes = busybox().archive();
    std::fs::write(&truncated, &bytes[..bytes.len() / 2]).unwrap();
    let refused = ask(&backend, &format!("image import {}", truncated.display()));
    assert_eq!(refused.code, 125, "{refused:?}");
    assert!(!refused.stderr.is_empty());
    assert_eq!(ask(&backend, "image inspect nothing").code, 125);
}

#[test]
fn what_goes_wrong_is_said() {
    let backend = Backend::builder().start();
    let ran = ask(&backend, "sandbox create no-such-image");
    assert_eq!(ran.code, 125);
    assert!(ran.stderr.contains("no-such-image"), "{ran:?}");
    let nobody =
        run(Command::new(built("ctnr")).args(["--host", "http://127.0.0.1:1", "sandbox", "ls"]));
    assert_eq!(nobody.code, 125);
    assert!(nobody.stderr.contains("127.0.0.1:1"), "{nobody:?}");
    for shell in ["bash", "zsh", "fish"] {
        let script = ask(&backend, &format!("completion {shell}")).ok();
        assert!(script.contains("ctnr"), "{shell}: {script}");
    }
    let keyed = Backend::builder().key("correct-horse").start();
    let refused = ask(&keyed, "sandbox ls");
    assert_eq!(refused.code, 125);
    assert!(refused.stderr.contains("CONTAINERS_API_KEY"), "{refused:?}");
    let served = run(ctnr(&keyed, "sandbox ls -q").env("CONTAINERS_API_KEY", "correct-horse"));
    assert_eq!(served.ok(), "");
}
