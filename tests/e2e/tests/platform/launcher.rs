//! The processes behind a sandbox, killed one by one.

use ctnr_e2e::{Backend, eventually, fetch, launcher_of, sh};
use serde_json::json;

#[track_caller]
fn kill(pid: u32) {
    sh(&format!("kill -KILL {pid}")).ok();
}

#[test]
fn a_killed_launcher_is_started_again() {
    let backend = Backend::native();
    let first = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    let launcher = launcher_of(backend.pid()).expect("a launcher");
    let pid = first.pid();
    kill(launcher);
    assert_eq!(first.exec(&["echo", "alive"]).ok(), "alive\n");
    let second = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    assert_eq!(second.exec(&["echo", "alive"]).ok(), "alive\n");
    assert_eq!(first.pid(), pid);
    first.restart();
    assert_eq!(first.exec(&["echo", "alive"]).ok(), "alive\n");
    let new = launcher_of(backend.pid()).expect("a launcher");
    assert_ne!(new, launcher);
}

/// The launcher is killed at the very moment of creates: each either works or says that it did
/// not, and none that failed leaves anything.
#[test]
fn a_launcher_killed_over_and_over() {
    let backend = Backend::native();
    let pid = backend.pid();
    let killer = std::thread::spawn(move || {
        for _ in 0..10 {
            if let Some(launcher) = launcher_of(pid) {
                kill(launcher);
            }
            std::thread::sleep(std::time::Duration::from_millis(40));
        }
    });
    let body = json!({ "image": "busybox", "cmd": ["sleep", "1000"] });
    let mut created = 0;
    while !killer.is_finished() {
        let answer = backend.api().post_json("/v1/sandboxes", &body);
        if answer.status == 201 {
            created += 1;
        }
    }
    killer.join().unwrap();
    let running = backend.api().all();
    assert_eq!(running.len(), created, "{running:#?}");
    assert!(created > 0);
    for sandbox in running {
        assert_eq!(sandbox["State"], "running");
    }
}

#[test]
fn a_killed_supervisor_ends_its_sandbox_and_no_other() {
    let backend = Backend::native();
    let other = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    let own = backend.processes();
    let sandbox = backend.api().create(&json!({
        "image": "busybox", "ports": ["80/tcp"],
        "cmd": ["sh", "-c", "echo started; echo here > /tmp/index.html; exec httpd -f -p 80 -h /tmp"],
    }));
    let port = sandbox.port("80/tcp");
    eventually("the page", || fetch("127.0.0.1", port));
    let program = u32::try_from(sandbox.pid()).unwrap();
    let supervisors: Vec<u32> = backend
        .processes()
        .into_iter()
        .filter(|pid| !own.contains(pid) && *pid != program)
        .collect();
    assert!(!supervisors.is_empty());
    for supervisor in supervisors {
        kill(supervisor);
    }

    let state = sandbox.ended();
    assert_ne!(state["ExitCode"], 0, "{state}");
    eventually("the end of the program", || {
        match std::path::Path::new(&format!("/proc/{program}")).exists() {
            false => Ok(()),
            true => Err("it lives".to_owned()),
        }
    });
    assert!(fetch("127.0.0.1", port).is_err());
    assert_eq!(sandbox.logs(""), "started\n");
    assert_eq!(other.exec(&["echo", "alive"]).ok(), "alive\n");

    sandbox.restart();
    eventually("the page again", || fetch("127.0.0.1", port));
    assert_eq!(sandbox.logs(""), "started\nstarted\n");
}

/// Nothing of the product's own is open in a sandbox.
#[test]
fn a_program_has_three_descriptors() {
    let backend = Backend::native();
    let sandbox = backend.api().create(&json!({
        "image": "busybox", "cmd": ["sh", "-c", "ls /proc/self/fd | sort; exec sleep 1000"],
    }));
    // 3 is what `ls` itself reads the folder by.
    let expected = "0\n1\n2\n3\n";
    eventually("the log", || match sandbox.logs("") {
        log if log == expected => Ok(()),
        log => Err(log),
    });
    assert_eq!(sandbox.sh("ls /proc/self/fd | sort").ok(), expected);
    let detached = sandbox.detach(&json!({
        "cmd": ["sh", "-c", "ls /proc/self/fd | sort > /tmp/fds; tty > /tmp/tty; exec sleep 1000"], "tty": true,
    }));
    eventually("the detached command", || {
        match sandbox.sh("cat /tmp/fds /tmp/tty").stdout {
            text if text == format!("{expected}/dev/pts/0\n") => Ok(()),
            text => Err(format!("{detached}: {text}")),
        }
    });
}
