//! Sandboxes and what the server has said outlive the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ctnr_e2e::{Backend, busybox, eventually, fetch};
use serde_json::json;

use crate::database::Database;

#[test]
fn a_killed_backend_on_sqlite() {
    outlived(Backend::native());
}

#[test]
fn a_killed_backend_on_postgres() {
    let database = Database::new();
    let backend = Backend::builder()
        .set("DATABASE_URL", &database.url())
        .image(busybox())
        .start();
    outlived(backend);
}

/// What runs is the same after the backend was killed, what ended meanwhile has its exit code and
/// its log, and the published port answers all the time.
fn outlived(mut backend: Backend) {
    let serving = backend.api().create(&json!({
        "image": "busybox", "name": "serving", "ports": ["80/tcp"], "labels": { "a": "b" },
        "cmd": ["sh", "-c", "echo here > /tmp/index.html; echo started; exec httpd -f -p 80 -h /tmp"],
    }));
    let ending = backend.api().create(&json!({
        "image": "busybox",
        "cmd": ["sh", "-c", "echo early; trap 'echo late; exit 42' USR1; while :; do sleep 0.1; done"],
    }));
    let stopped = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sh", "-c", "exit 3"] }));
    assert_eq!(stopped.ended()["ExitCode"], 3);
    let exec = serving.detach(&json!({ "cmd": ["sh", "-c", "echo detached; exec sleep 1000"] }));
    eventually("the early line", || match ending.logs("") {
        log if log == "early\n" => Ok(()),
        log => Err(log),
    });
    let port = serving.port("80/tcp");
    eventually("the page", || fetch("127.0.0.1", port));
    let (pid, ending_pid) = (serving.pid(), ending.pid());
    let started = serving.state("StartedAt");

    let answering = Answering::begin(port);
    backend.kill();
    // The backend is dead, and its sandboxes are not.
    assert!(std::path::Path::new(&format!("/proc/{pid}")).exists());
    for host in ["127.0.0.1", "[::1]"] {
        assert_eq!(fetch(host, port).as_deref(), Ok("here\n"));
    }
    let signal = ctnr_e2e::sh(&format!("kill -USR1 {ending_pid}"));
    assert_eq!(signal.code, 0, "{signal:?}");
    eventually(
        "the end of the sandbox's program",
        || match std::path::Path::new(&format!("/proc/{ending_pid}")).exists() {
            false => Ok(()),
            true => Err("it lives".to_owned()),
        },
    );
    backend.resume();
    let (serving, ending, stopped) = (
        serving.at(backend.api()),
        ending.at(backend.api()),
        stopped.at(backend.api()),
    );
    answering.end();

    assert_eq!(serving.pid(), pid);
    assert_eq!(serving.state("StartedAt"), started);
    assert_eq!(serving.port("80/tcp"), port);
    assert_eq!(serving.exec(&["cat", "/tmp/index.html"]).ok(), "here\n");
    assert_eq!(serving.logs(""), "started\n");
    let execs = backend.api().get(&serving.path("/exec")).expect(200).json();
    assert_eq!(execs["execs"][0]["id"], exec, "{execs}");
    assert_eq!(execs["execs"][0]["state"], "running", "{execs}");
    assert_eq!(ending.ended()["ExitCode"], 42);
    assert_eq!(ending.logs(""), "early\nlate\n");
    assert_eq!(stopped.ended()["ExitCode"], 3);
    let by_label = backend
        .api()
        .get("/v1/sandboxes?label=a%3Db")
        .expect(200)
        .json();
    assert_eq!(by_label["sandboxes"][0]["Names"], json!(["/serving"]));

    // The second life is like the first.
    ending.restart();
    assert_eq!(ending.state("Running"), true);
    assert_eq!(backend.stop().code(), Some(0));
    backend.resume();
    assert_eq!(serving.at(backend.api()).pid(), pid);
    serving.at(backend.api()).delete();
    assert!(fetch("127.0.0.1", port).is_err());
}

/// Fetches a page over and over, and keeps the errors.
struct Answering {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<(usize, Vec<String>)>,
}

impl Answering {
    fn begin(port: u16) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let (mut asked, mut failed) = (0, Vec::new());
            while !until.load(Ordering::SeqCst) {
                asked += 1;
                failed.extend(fetch("127.0.0.1", port).err());
            }
            (asked, failed)
        });
        Self { stop, thread }
    }

    fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        let (asked, failed) = self.thread.join().unwrap();
        assert!(asked > 0);
        assert_eq!(failed, Vec::<String>::new(), "of {asked}");
    }
}

/// A data directory belongs to one backend.
#[test]
fn a_second_backend_on_the_same_data_is_refused() {
    let backend = Backend::native();
    let second = ctnr_e2e::run(
        std::process::Command::new(ctnr_e2e::built("backend"))
            .env("CONTAINERS_DATA_DIR", backend.data())
            .env("CONTAINERS_HTTP_ADDR", "127.0.0.1:0")
            .env("CONTAINERS_GRPC_ADDR", "off"),
    );
    assert_ne!(second.code, 0);
    let holder = format!("process {}", backend.pid());
    assert!(second.stderr.contains(&holder), "{}", second.stderr);
    backend.api().get("/healthz").expect(200);
}
