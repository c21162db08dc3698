//! A disk that is full and a database that is gone: clear errors, and recovery without a restart.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ctnr_e2e::{Answer, Backend, Sandbox, SmallDisk, busybox, eventually, run, run_with, sh};
use serde_json::json;

#[track_caller]
fn says_that_the_disk_is_full(answer: &Answer) {
    let text = answer.text();
    assert!(text.contains("full") || text.contains("space"), "{text}");
}

#[test]
fn a_full_disk() {
    let disk = SmallDisk::of_megabytes(400);
    let data = disk.data();
    let backend = Backend::builder()
        .set("CONTAINERS_DATA_DIR", data.to_str().unwrap())
        .set(
            "DATABASE_URL",
            &format!("sqlite://{}/ctnr.db", data.display()),
        )
        .image(busybox())
        .start();
    let greedy = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    let small: Vec<Sandbox> = (0..3)
        .map(|_| {
            let body = json!({ "image": "busybox", "cmd": ["sleep", "1000"] });
            backend.api().create(&body)
        })
        .collect();
    let filled = greedy.sh("dd if=/dev/zero of=/tmp/all bs=1M");
    assert!(filled.stderr.contains("No space left"), "{filled:?}");

    // What can't be done says why, and what needs no room is done.
    let answer = backend.api().post_json(
        "/v1/sandboxes",
        &json!({ "image": "busybox", "cmd": ["sleep", "1000"] }),
    );
    if answer.status != 201 {
        assert_ne!(answer.status, 500, "{}", answer.text());
        says_that_the_disk_is_full(&answer);
    }
    let more = busybox()
        .named("more:1")
        .layer(&[ctnr_e2e::Item::file("more", vec![1; 1 << 20])]);
    // `curl` reads an answer that comes before all is sent.
    let url = format!("{}/v1/images/import", backend.api().base());
    let import = run_with(
        Command::new("curl").args(["--silent", "--data-binary", "@-", &url]),
        &more.archive(),
    );
    let answer = import.stdout;
    assert!(
        answer.contains("UNAVAILABLE") && answer.contains("space"),
        "{answer}"
    );
    backend.api().get("/v1/sandboxes").expect(200);
    assert_eq!(greedy.exec(&["echo", "alive"]).ok(), "alive\n");

    // What makes room is done though there is none to write it down.
    for small in &small {
        greedy.sh("cat /dev/zero > /tmp/rest-$$");
        small.delete();
        let path = format!("/v1/sandboxes/{}", small.id);
        backend.api().get(&path).expect_error(404, "NOT_FOUND");
    }
    let reserve = data.join("ctnr.db-reserve");
    let kept = || std::fs::metadata(&reserve).map(|file| file.len());
    assert!(kept().unwrap() < 4 << 20, "no removal took the room for it");

    greedy.sh("rm /tmp/all /tmp/rest-*").ok();
    let next = eventually("a create on a disk with room", || {
        let body = json!({ "image": "busybox", "cmd": ["sleep", "1000"] });
        match backend.api().post_json("/v1/sandboxes", &body) {
            answer if answer.status == 201 => Ok(answer.json()),
            answer => Err(answer.text()),
        }
    });
    let path = format!("/v1/sandboxes/{}", next["id"].as_str().unwrap());
    backend.api().delete(&path).expect(204);
    eventually("room that is kept again", || match kept() {
        Ok(size) if size == 4 << 20 => Ok(()),
        size => Err(format!("{size:?}")),
    });
    greedy.delete();
    drop(backend);
}

/// A PostgreSQL server of the test's own.
struct Postgres {
    folder: tempfile::TempDir,
    port: u16,
    server: Option<Child>,
}

impl Postgres {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        // It refuses to run as root.
        sh(&format!(
            "chmod 711 {0} && mkdir {0}/db && chown postgres {0}/db",
            path.display()
        ))
        .ok();
        let mut postgres = Self {
            folder,
            port,
            server: None,
        };
        postgres.command(
            "initdb",
            &["--auth=trust", "--username=postgres", "--no-sync"],
        );
        postgres.resume();
        postgres
    }

    fn program(name: &str) -> PathBuf {
        let found = sh(&format!("ls -d /usr/lib/postgresql/*/bin/{name} | tail -1")).ok();
        match found.trim() {
            "" => PathBuf::from(name),
            path => PathBuf::from(path),
        }
    }

    fn as_postgres(&self, name: &str) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args([
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
                "--",
            ])
            .arg(Self::program(name))
            .arg("-D")
            .arg(self.data())
            .current_dir("/");
        command
    }

    fn command(&self, name: &str, arguments: &[&str]) {
        run(self.as_postgres(name).args(arguments)).ok();
    }

    fn data(&self) -> PathBuf {
        Path::new(self.folder.path()).join("db")
    }

    fn resume(&mut self) {
        let server = self
            .as_postgres("postgres")
            .args([
                "-F",
                "-k",
                "",
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.server = Some(server);
        eventually("a database that answers", || {
            let asked = run(Command::new("psql").args([&self.url(), "--command", "SELECT 1"]));
            if asked.code == 0 {
                Ok(())
            } else {
                Err(asked.stderr)
            }
        });
    }

    fn stop(&mut self) {
        let mut server = self.server.take().unwrap();
        // At once, as a crash would.
        sh(&format!("kill -QUIT {}", server.id())).ok();
        server.wait().unwrap();
    }

    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.server.is_some() {
            self.stop();
        }
    }
}

#[test]
fn a_database_that_is_gone_for_a_while() {
    let mut postgres = Postgres::start();
    let backend = Backend::builder()
        .set("DATABASE_URL", &postgres.url())
        .image(busybox())
        .start();
    let before = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    let ending = backend.api().create(&json!({
        "image": "busybox", "cmd": ["sh", "-c", "trap 'exit 6' USR1; while :; do sleep 0.1; done"],
    }));
    let pid = ending.pid();
    postgres.stop();

    let body = json!({ "image": "busybox", "cmd": ["sleep", "1000"] });
    let refused = backend.api().post_json("/v1/sandboxes", &body);
    let message = refused.expect_error(503, "UNAVAILABLE");
    assert!(message.contains("database"), "{message}");
    backend.api().get("/healthz").expect(503);
    // What ends while nobody can write it down is written down later.
    sh(&format!("kill -USR1 {pid}")).ok();

    postgres.resume();
    let after = eventually("a create with the database back", || {
        match backend.api().post_json("/v1/sandboxes", &body) {
            answer if answer.status == 201 => Ok(answer.json()),
            answer => Err(answer.text()),
        }
    });
    assert_eq!(before.exec(&["echo", "alive"]).ok(), "alive\n");
    assert_eq!(ending.ended()["ExitCode"], 6);
    assert_eq!(backend.api().all().len(), 3);
    let path = format!("/v1/sandboxes/{}", after["id"].as_str().unwrap());
    backend.api().delete(&path).expect(204);
    drop(backend);
}
