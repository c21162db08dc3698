//! Images and programs that try to reach the host through what the engine does for them.

use std::process::Command;

use ctnr_e2e::{Backend, Bystander, Image, Item, built, busybox, run};
use serde_json::{Value, json};

fn digest(path: &std::path::Path) -> String {
    run(Command::new("sha256sum").arg(path)).ok()
}

/// The engine's own program can't be overwritten from inside through `/proc/PID/exe`, neither by
/// a program that is started as it nor by one that waits for an exec (CVE-2019-5736).
#[test]
fn the_engines_program_stays_as_it_is() {
    let backend = Backend::native();
    let program = built("backend");
    let before = digest(&program);
    let api = backend.api();
    for body in [
        json!({ "image": "busybox", "entrypoint": ["/proc/self/exe"] }),
        json!({ "image": "busybox", "cmd": ["/proc/self/exe", "sh"] }),
        json!({ "image": "busybox", "entrypoint": ["/proc/1/exe"] }),
    ] {
        let answer = api.post_json("/v1/sandboxes", &body);
        assert!(answer.status < 500, "{body}: {}", answer.text());
    }
    let sandbox = api.create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    sandbox.detach(&json!({ "cmd": ["sh", "-c", "while :; do
        for exe in /proc/[0-9]*/exe; do
            case $(readlink $exe) in */busybox) ;; *)
                readlink $exe >> /tmp/found
                ( : >> $exe ) && echo $exe >> /tmp/written
                dd if=/bin/true of=$exe conv=notrunc && echo $exe >> /tmp/written
            esac
        done
    done 2> /dev/null"] }));
    for _ in 0..40 {
        assert_eq!(sandbox.exec(&["/bin/true"]).code, 0);
        let itself = sandbox.ask(&json!({ "cmd": ["/proc/self/exe", "sh"], "timeout": 5 }));
        assert!(itself.status < 500, "{}", itself.text());
    }
    assert_eq!(sandbox.sh("cat /tmp/written").stdout, "");
    assert_eq!(digest(&program), before);
    assert_eq!(run(Command::new(&program).arg("--version")).code, 0);
}

/// A working directory that is a descriptor of the engine's leads nowhere (CVE-2024-21626).
#[test]
fn a_working_directory_by_descriptor() {
    let mut backend = Backend::native();
    let bystander = Bystander::new();
    let look = format!("pwd; cat {}/secret", bystander.relative());
    let sandbox = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    for fd in 0..24 {
        let workdir = format!("/proc/self/fd/{fd}");
        let exec = sandbox.ask(&json!({ "cmd": ["sh", "-c", look], "workdir": workdir }));
        assert!(exec.status < 500, "{workdir}: {}", exec.text());
        assert!(
            !exec.text().contains("untouched"),
            "{workdir}: {}",
            exec.text()
        );
        // One that would be made, below whatever the engine has open.
        let made = format!("{workdir}/made-by-descriptor");
        let answer = backend.api().post_json(
            "/v1/sandboxes",
            &json!({ "image": "busybox", "workdir": made, "cmd": ["sleep", "1000"] }),
        );
        assert!(answer.status < 500, "{made}: {}", answer.text());
        if fd % 6 == 3 {
            let answer = backend.api().post_json(
                "/v1/sandboxes",
                &json!({
                    "image": "busybox", "workdir": workdir, "cmd": ["sh", "-c", look],
                }),
            );
            assert!(answer.status < 500, "{workdir}: {}", answer.text());
            if answer.status == 201 {
                let id = answer.json()["id"].as_str().unwrap().to_owned();
                let path = format!("/v1/sandboxes/{id}");
                let log = backend.api().get(&format!("{path}/logs?follow=1")).text();
                assert!(!log.contains("untouched"), "{workdir}: {log}");
                backend.api().delete(&path).expect(204);
            }
        }
    }
    backend.import(
        &busybox()
            .named("workdir:1")
            .config("WorkingDir", json!("/proc/self/fd/7/../..")),
    );
    let answer = backend.api().post_json(
        "/v1/sandboxes",
        &json!({ "image": "workdir:1", "cmd": ["sh", "-c", look] }),
    );
    assert!(answer.status < 500, "{}", answer.text());
    bystander.assert_untouched("a working directory by descriptor");
    let data = backend.data();
    let found = run(Command::new("find")
        .args([data.as_os_str(), "/sys/fs/cgroup".as_ref(), "/run".as_ref()])
        // A descriptor may be the sandbox's own root, as it is named by `/` too.
        .args(["-name", "made-by-descriptor", "-not", "-path", "*/upper/*"]));
    assert_eq!(found.stdout, "");
}

/// What of an image's tree the engine mounts over, writes to or changes into, made a link out of
/// the image: the engine refuses the image or stays inside (CVE-2021-30465 and its kin).
#[test]
fn links_in_the_place_of_what_the_engine_touches() {
    let mut backend = Backend::native();
    let bystander = Bystander::new();
    let places = [
        "proc",
        "sys",
        "dev",
        "tmp",
        "etc",
        "etc/resolv.conf",
        "etc/hosts",
        "etc/hostname",
        "etc/passwd",
        "etc/group",
        "app",
        "proc/sys",
        "dev/null",
        "dev/pts",
        "dev/shm",
        "dev/console",
        "dev/ptmx",
        "dev/mqueue",
    ];
    for (number, place) in places.iter().enumerate() {
        for (way, target) in [
            ("an absolute link", bystander.path().to_owned()),
            ("a relative link", bystander.relative()),
            ("a link to a file", format!("{}/secret", bystander.path())),
            ("a link to itself", format!("/{place}")),
        ] {
            let name = format!("link-{number}:1");
            let parent = place
                .rsplit_once('/')
                .map(|(parent, _)| Item::directory(parent));
            let items: Vec<Item> = parent
                .into_iter()
                .chain([Item::symlink(place, &target)])
                .collect();
            let image = Image::hostile(&name, &items).config("WorkingDir", json!("/app"));
            tried(&mut backend, &image, &name, &format!("/{place} as {way}"));
            bystander.assert_untouched(&format!("/{place} as {way}"));
        }
    }
}

/// The same with what blocks who opens it, and with what is no place to mount on.
#[test]
fn pipes_and_devices_in_the_place_of_what_the_engine_touches() {
    let mut backend = Backend::native();
    let places = [
        "proc",
        "sys",
        "dev",
        "etc/resolv.conf",
        "etc/hosts",
        "etc/hostname",
        "etc/passwd",
        "etc/group",
        "app",
        "dev/null",
    ];
    for (number, place) in places.iter().enumerate() {
        for (way, item) in [
            ("a pipe", Item::fifo(place)),
            ("a device", Item::device(place, 1, 5)),
            ("a file", Item::file(place, "x")),
            ("a directory", Item::directory(place)),
        ] {
            let name = format!("odd-{number}:1");
            let image = Image::hostile(&name, &[item])
                .config("WorkingDir", json!("/app"))
                .config("User", json!("user"));
            tried(&mut backend, &image, &name, &format!("/{place} as {way}"));
        }
    }
}

/// Imports and runs an image that may be refused: then with a clear error, and at once.
#[track_caller]
fn tried(backend: &mut Backend, image: &Image, name: &str, what: &str) {
    backend.import(image);
    let answer = backend.api().post_json("/v1/sandboxes", &json!({
        "image": name, "cmd": ["sh", "-c", "echo x > /tmp/new; echo x > /app/new; exec sleep 1000"],
    }));
    if answer.status == 201 {
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/sandboxes/{id}");
        let exec = backend.api().post_json(&format!("{path}/exec"), &json!({
            "cmd": ["sh", "-c", "echo here; for d in /proc /sys /dev /app /tmp; do echo x > $d/new; done"],
            "timeout": 30,
        }));
        let exec = exec.expect(200).json();
        assert!(
            exec["stdout"].as_str().unwrap().starts_with("here\n"),
            "{what}: {exec}"
        );
        for file in [
            "/etc/resolv.conf",
            "/etc/passwd",
            "/app",
            "/dev/null",
            "/proc",
        ] {
            let stat = backend.api().get(&format!("{path}/files/stat?path={file}"));
            assert!(stat.status < 500, "{what}: {file}: {}", stat.text());
        }
        backend.api().delete(&path).expect(204);
    } else {
        let code = answer.json()["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(
            matches!(
                (answer.status, code.as_str()),
                (400, "BAD_REQUEST") | (422, "UNSUPPORTED") | (404, "NOT_FOUND")
            ),
            "{what}: {} {}",
            answer.status,
            answer.text()
        );
    }
    assert_eq!(backend.api().all(), Vec::<Value>::new(), "{what}");
}

/// Files are read and written inside of the sandbox's root whatever links it has, and nothing of
/// the sandbox's is run for it (CVE-2019-14271).
#[test]
fn files_through_links() {
    let backend = Backend::native();
    let bystander = Bystander::new();
    let sandbox = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    let out = bystander.path();
    sandbox.sh(&format!(
        "ln -s {out} /absolute; ln -s {} /relative; ln -s / /root-link; ln -s {out}/secret /secret; \
         mkfifo /pipe; ln -s /proc/1/root /through; ln -s /proc/self/fd /fds", bystander.relative()
    )).ok();
    // The sandbox swaps a folder for a link, over and over, while files go through it.
    sandbox.detach(&json!({ "cmd": ["sh", "-c", format!(
        "mkdir /swap; while :; do mv /swap /kept; ln -s {out} /swap; rm /swap; mv /kept /swap; done"
    )] }));
    let api = backend.api();
    for round in 0..30 {
        for place in ["absolute", "relative", "through/absolute", "swap", "fds/7"] {
            let write = api.send(
                "PUT",
                &sandbox.path(&format!("/files?path=/{place}/new-{round}")),
                "x",
            );
            assert!(write.status < 500, "{place}: {}", write.text());
            let read = api.get(&sandbox.path(&format!("/files?path=/{place}/secret")));
            assert!(
                !read.text().contains("untouched"),
                "{place}: {}",
                read.text()
            );
            let delete = api.delete(&sandbox.path(&format!("/files?path=/{place}/secret")));
            assert!(delete.status < 500, "{place}: {}", delete.text());
        }
        for file in ["/secret", "/absolute", "/pipe", "/proc/1/root/secret"] {
            let read = api.get(&sandbox.path(&format!("/files?path={file}")));
            assert!(read.status < 500, "{file}: {}", read.text());
            assert!(!read.text().contains("untouched"), "{file}");
        }
        // An archive of what goes away while it is read breaks off, which is all that it can do.
        let path = sandbox.path("/files/archive?path=/swap");
        if let Ok(archive) = api.try_send("GET", &path, Vec::new()) {
            assert!(archive.status < 500, "{}", archive.text());
            assert!(!archive.text().contains("untouched"));
        }
    }
    bystander.assert_untouched("files through links");
    // Programs that the image replaces are not what serves files.
    sandbox.sh("cp /bin/busybox /kept-busybox; for p in /bin/tar /bin/sh /bin/cat; do rm $p; printf '#!/kept-busybox sh\necho run >> /evil\n' > $p; chmod +x $p; done");
    api.send("PUT", &sandbox.path("/files?path=/tmp/plain"), "text")
        .expect(200);
    assert_eq!(
        api.get(&sandbox.path("/files?path=/tmp/plain"))
            .expect(200)
            .text(),
        "text"
    );
    api.get(&sandbox.path("/files/archive?path=/tmp/plain"))
        .expect(200);
    api.get(&sandbox.path("/files/stat?path=/evil"))
        .expect_error(404, "NOT_FOUND");
}

/// A terminal of an exec is the sandbox's own, whatever is made of `/dev/pts`.
#[test]
fn a_terminal_where_the_sandbox_plays_with_its_own() {
    let backend = Backend::native();
    let bystander = Bystander::new();
    let sandbox = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    sandbox.sh(&format!(
        "rm -f /dev/console /dev/ptmx; ln -s {0}/secret /dev/console; ln -s {0}/secret /dev/ptmx; \
         umount /dev/pts; mv /dev/pts /dev/old; ln -s {0} /dev/pts; rm /dev/null; ln -s {0}/secret /dev/null",
        bystander.path()
    ));
    let answer = sandbox.ask(&json!({
        "cmd": ["sh", "-c", "echo in the terminal > /tmp/out; tty >> /tmp/out; sleep 1"], "detach": true, "tty": true,
    }));
    assert!(answer.status < 500, "{}", answer.text());
    for _ in 0..5 {
        let exec = sandbox.sh("cat /tmp/out");
        assert!(!exec.output.contains("untouched"), "{exec:?}");
    }
    bystander.assert_untouched("terminals");
}

/// Volumes and labels of an image are texts: nothing is copied, mounted or run for them
/// (CVE-2022-23648).
#[test]
fn volumes_and_labels_of_an_image() {
    let backend = Backend::native();
    let bystander = Bystander::new();
    let (out, up) = (bystander.path(), bystander.relative());
    let volumes = json!({
        out: {}, format!("/{up}"): {}, format!("/data/{up}"): {}, "/link": {}, "/proc/self/root": {},
        "/etc/../../..": {}, "relative": {}, "": {}, "/proc": {}, "/dev": {}, "/sys/fs/cgroup": {},
    });
    let labels = json!({
        "dev.ctnr.sandbox": "x", "dev.ctnr.installation": "../..", "": "", "a\nb": "c\u{0}d",
        "io.kubernetes.cri.image-layers": out, "long": "x".repeat(100_000),
    });
    for (number, items) in [vec![], vec![Item::symlink("link", out)]]
        .iter()
        .enumerate()
    {
        let name = format!("volumes:{number}");
        let image = Image::hostile(&name, items)
            .config("Volumes", volumes.clone())
            .config("Labels", labels.clone());
        let imported = backend.api().import(ctnr_e2e::Engine::Native, &image);
        assert!(imported.status < 500, "{}", imported.text());
        if imported.status != 200 {
            continue;
        }
        let sandbox = backend
            .api()
            .create(&json!({ "image": name, "cmd": ["sleep", "1000"] }));
        let seen = sandbox.sh(&format!(
            "find / -xdev -name secret; cat {out}/secret /data/{up}/secret /link/secret; \
             echo x > {out}/secret; echo x > /link/new; true"
        ));
        assert!(!seen.output.contains("untouched"), "{seen:?}");
        assert_eq!(sandbox.exec(&["true"]).code, 0);
        sandbox.delete();
    }
    bystander.assert_untouched("volumes and labels");
}

/// What a program leaves in the place of what the engine touches is met at the next start, and
/// whatever it swaps while commands start is met by those (CVE-2021-30465 and its kin).
#[test]
fn links_that_a_sandbox_makes_and_swaps() {
    let backend = Backend::native();
    let bystander = Bystander::new();
    let out = bystander.path();
    let sandbox = backend.api().create(&json!({
        "image": "busybox", "workdir": "/work/here", "cmd": ["sleep", "1000"],
    }));
    for leave in [
        format!("rm -rf /work; ln -s {out} /work"),
        format!("rm /work; mkdir /work; ln -s {out} /work/here"),
        "rm -rf /work; ln -s /proc/self/fd /work".to_owned(),
        format!(
            "rm /etc/hosts /etc/resolv.conf; ln -s {out}/secret /etc/hosts; ln -s {out}/new /etc/resolv.conf"
        ),
        format!("mv /etc /moved; ln -s {out} /etc"),
        format!("rm -rf /tmp /var; ln -s {out} /tmp; ln -s {out} /var"),
    ] {
        sandbox.sh(&leave);
        sandbox.stop(0);
        let path = sandbox.path("/restart?timeout=1");
        let again = backend.api().post(&path);
        assert!(again.status < 500, "{leave}: {}", again.text());
        bystander.assert_untouched(&leave);
        // Files of one that does not run are reached by another way in.
        let files = sandbox.path("/files?path=/work/secret");
        assert!(!backend.api().get(&files).text().contains("untouched"));
        if again.status != 200 {
            let mend = backend.api().delete(&sandbox.path("/files?path=/work"));
            assert!(mend.status < 500, "{leave}: {}", mend.text());
            backend.api().post(&path).expect(200);
        }
    }

    let sandbox = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    let swap = |what: &str| {
        format!(
            "mv {what} {what}-kept; ln -s {out} {what}; rm {what}; mkfifo {what}; rm {what}; mv {what}-kept {what}; "
        )
    };
    let swaps = [
        "/w/d",
        "/etc/passwd",
        "/etc",
        "/dev/pts",
        "/dev/ptmx",
        "/dev/null",
    ]
    .map(swap);
    sandbox.sh("mkdir -p /w/d");
    sandbox.detach(&json!({ "cmd": ["sh", "-c", format!("while :; do {} done", swaps.concat())] }));
    for round in 0..60 {
        let tries = sandbox.ask(&json!({
            "cmd": ["sh", "-c", format!("pwd; cat secret; cat /{}/secret", bystander.relative())],
            "workdir": "/w/d", "user": "user", "timeout": 20,
        }));
        assert!(tries.status < 500, "{}", tries.text());
        assert!(!tries.text().contains("untouched"), "{}", tries.text());
        if round % 6 == 0 {
            let terminal = sandbox.ask(&json!({
                "cmd": ["sh", "-c", "echo in the terminal; tty"], "tty": true, "detach": true,
            }));
            assert!(
                terminal.status != 500 || terminal.text().contains("terminal"),
                "{}",
                terminal.text()
            );
        }
    }
    bystander.assert_untouched("swaps while commands start");
}
