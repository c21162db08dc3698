//! Files in and out of sandboxes.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

use crate::support::{Mock, error};

fn file_info(name: &str, kind: &str) -> Value {
    json!({
        "name": name, "kind": kind, "size": 1, "mode": "0755", "uid": 0, "gid": 0,
        "modified": "2026-01-01T00:00:00Z"
    })
}

/// A sandbox with the directory /dir, the file /file and the symlink /link to /dir, that answers
/// every download with this archive.
fn sandbox(archive: Vec<u8>) -> Mock {
    let stat = async |uri: axum::http::Uri| {
        let query = uri.query().unwrap_or_default().replace("%2F", "/");
        match query.strip_prefix("path=").unwrap_or_default() {
            "/" => Ok(Json(file_info("/", "directory"))),
            "/dir" => Ok(Json(file_info("dir", "directory"))),
            "/file" => Ok(Json(file_info("file", "file"))),
            "/link" => {
                let mut info = file_info("link", "symlink");
                info["target"] = json!("dir");
                Ok(Json(info))
            }
            path => Err(error(
                StatusCode::NOT_FOUND,
                "NOT_FOUND",
                &format!("no such file or directory in the sandbox: {path}"),
            )),
        }
    };
    let routes = Router::new()
        .route("/v1/sandboxes/web", get(async || Json(details())))
        .route("/v1/sandboxes/web/files/stat", get(stat))
        .route(
            "/v1/sandboxes/web/files/mkdir",
            post(async || StatusCode::NO_CONTENT),
        )
        .route(
            "/v1/sandboxes/web/files/archive",
            get(async move || archive).put(async || StatusCode::NO_CONTENT),
        );
    Mock::new(routes)
}

fn details() -> Value {
    json!({
        "Id": "0", "Created": "2026-01-02T03:04:05Z", "Path": "", "Args": [],
        "State": {"Status": "running", "Running": true, "Paused": false, "Restarting": false,
            "OOMKilled": false, "Dead": false, "Pid": 1, "ExitCode": 0, "Error": "",
            "StartedAt": "2026-01-02T03:04:06Z", "FinishedAt": "0001-01-01T00:00:00Z"},
        "Image": "", "Name": "/web", "Platform": "linux", "HostConfig": {}, "Config": {},
        "NetworkSettings": {}, "Engine": "native"
    })
}

/// An entry of a hostile archive, with a name that tar's own checks would refuse.
fn add(
    builder: &mut Builder<Vec<u8>>,
    name: &str,
    kind: EntryType,
    link: &str,
    data: &str,
    mode: u32,
) {
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    header.as_gnu_mut().unwrap().linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_size(data.len() as u64);
    header.set_mode(mode);
    header.set_mtime(1_000);
    header.set_cksum();
    builder.append(&header, data.as_bytes()).unwrap();
}

/// An entry: its name, kind, link and content.
type Line<'a> = (&'a str, EntryType, &'a str, &'a str);

fn archive(entries: &[Line<'_>]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, kind, link, data) in entries {
        add(&mut builder, name, *kind, link, data, 0o644);
    }
    builder.into_inner().unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

const DIR: EntryType = EntryType::Directory;
const FILE: EntryType = EntryType::Regular;
const LINK: EntryType = EntryType::Symlink;
const HARD: EntryType = EntryType::Link;

fn plain() -> Vec<u8> {
    archive(&[
        ("dir/", DIR, "", ""),
        ("dir/a", FILE, "", "hello"),
        ("dir/sub/", DIR, "", ""),
        ("dir/sub/b", HARD, "dir/a", ""),
        ("dir/l", LINK, "/etc/passwd", ""),
    ])
}

/// Runs a copy of /dir (or what `source` says) into `to` below a fresh directory that holds `out`.
fn download(source: &str, to: &str, archive: Vec<u8>) -> (tempfile::TempDir, crate::support::Ran) {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("out")).unwrap();
    fs::write(directory.path().join("file"), "mine").unwrap();
    let to = directory.path().join(to);
    let ran = sandbox(archive).run(&["sandbox", "cp", source, to.to_str().unwrap()]);
    (directory, ran)
}

#[test]
fn a_directory_lands_as_docker_has_it() {
    let (directory, ran) = download("web:/dir", "out", plain());
    assert_eq!(ran.shown(), "--- 0\ncopied 5 entries, 5 B\n");
    let dir = directory.path().join("out/dir");
    assert_eq!(names(&dir), ["a", "l", "sub"]);
    assert_eq!(fs::read_to_string(dir.join("sub/b")).unwrap(), "hello");
    assert_eq!(
        fs::read_link(dir.join("l")).unwrap(),
        Path::new("/etc/passwd")
    );

    for (source, to) in [
        ("web:/dir", "new"),
        ("web:/dir/.", "out"),
        ("web:/link/", "new"),
        ("web:dir", "new/"),
    ] {
        let (directory, ran) = download(source, to, plain());
        assert_eq!(ran.code, 0, "{source} {to}: {}", ran.err);
        assert_eq!(
            names(&directory.path().join(to)),
            ["a", "l", "sub"],
            "{source} {to}"
        );
    }
    let (_directory, ran) = download("web:/dir", "file", plain());
    assert!(ran.err.contains("is a file"), "{}", ran.err);
}

#[test]
fn a_file_lands_as_docker_has_it() {
    let one = || archive(&[("file", FILE, "", "hello")]);
    for (to, lands) in [("out", "out/file"), ("new", "new"), ("file", "file")] {
        let (directory, ran) = download("web:/file", to, one());
        assert_eq!(ran.code, 0, "{to}: {}", ran.err);
        assert_eq!(
            fs::read_to_string(directory.path().join(lands)).unwrap(),
            "hello",
            "{to}"
        );
    }
    for (source, to) in [
        ("web:/file", "new/"),
        ("web:/file/.", "out"),
        ("web:/nope", "out"),
    ] {
        let (directory, ran) = download(source, to, one());
        assert_eq!(ran.code, 125, "{source} {to}");
        assert_eq!(names(directory.path()), ["file", "out"], "{source} {to}");
    }
}

#[test]
fn hostile_archives_write_nothing_outside() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().to_str().unwrap().to_owned();
    let inside = format!("{target}/x");
    let cases: [(&str, &[Line<'_>]); 9] = [
        (
            "up",
            &[("dir/", DIR, "", ""), ("dir/../../x", FILE, "", "evil")],
        ),
        (
            "absolute",
            &[("dir/", DIR, "", ""), (&inside, FILE, "", "evil")],
        ),
        (
            "beside",
            &[("dir/", DIR, "", ""), ("other", FILE, "", "evil")],
        ),
        (
            "through a symlink",
            &[
                ("dir/", DIR, "", ""),
                ("dir/l", LINK, &target, ""),
                ("dir/l/x", FILE, "", "evil"),
            ],
        ),
        (
            "through the root",
            &[("dir", LINK, &target, ""), ("dir/x", FILE, "", "evil")],
        ),
        (
            "a directory through a symlink",
            &[
                ("dir/", DIR, "", ""),
                ("dir/l", LINK, &target, ""),
                ("dir/l/", DIR, "", ""),
            ],
        ),
        (
            "hard link out",
            &[("dir/", DIR, "", ""), ("dir/h", HARD, "/etc/passwd", "")],
        ),
        (
            "hard link up",
            &[
                ("dir/", DIR, "", ""),
                ("dir/h", HARD, "dir/../../etc/passwd", ""),
            ],
        ),
        (
            "hard link to a symlink",
            &[
                ("dir/", DIR, "", ""),
                ("dir/l", LINK, &inside, ""),
                ("dir/h", HARD, "dir/l", ""),
            ],
        ),
    ];
    for (what, entries) in cases {
        let (directory, ran) = download("web:/dir", "out", archive(entries));
        assert_eq!(ran.code, 125, "{what}: {}", ran.err);
        assert_eq!(names(outside.path()), [""; 0], "{what}");
        assert_eq!(names(directory.path()), ["file", "out"], "{what}");
        assert!(!directory.path().join("out/dir/h").exists(), "{what}");
    }
}

#[test]
fn a_symlink_of_this_host_below_the_target_is_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("dir")).unwrap();
    symlink(outside.path(), directory.path().join("dir/sub")).unwrap();
    symlink(outside.path().join("a"), directory.path().join("dir/a")).unwrap();
    let ran = sandbox(plain()).run(&[
        "sandbox",
        "cp",
        "web:/dir",
        directory.path().to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 125);
    assert!(ran.err.contains("is not followed"), "{}", ran.err);
    assert_eq!(names(outside.path()), [""; 0]);
    // The file itself took the symlink's place.
    assert_eq!(
        fs::read_to_string(directory.path().join("dir/a")).unwrap(),
        "hello"
    );
}

#[test]
fn nothing_gets_rights_and_no_device_is_made() {
    let mut builder = Builder::new(Vec::new());
    add(&mut builder, "dir/", DIR, "", "", 0o7755);
    add(&mut builder, "dir/su", FILE, "", "#!/bin/sh", 0o6755);
    add(&mut builder, "dir/null", EntryType::Char, "", "", 0o666);
    add(&mut builder, "dir/pipe", EntryType::Fifo, "", "", 0o666);
    let (directory, ran) = download("web:/dir", "new", builder.into_inner().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(names(&directory.path().join("new")), ["su"]);
    let mode = |path: &str| {
        fs::metadata(directory.path().join(path))
            .unwrap()
            .permissions()
            .mode()
    };
    assert_eq!(mode("new/su") & 0o7777, 0o755);
    assert_eq!(mode("new") & 0o7000, 0);
}

#[test]
fn a_broken_archive_is_told() {
    let whole = plain();
    // In the middle of a header, between two entries, before and within the end.
    for length in [0, 700, 512, whole.len() - 1024, whole.len() - 512] {
        let (_directory, ran) = download("web:/dir", "out", whole[..length].to_vec());
        assert_eq!(ran.code, 125, "{length}");
    }
}

#[test]
fn an_upload_is_a_tar_of_roots_files() {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("src");
    fs::create_dir_all(source.join("sub")).unwrap();
    fs::write(source.join("sub/b"), "hello").unwrap();
    symlink("/etc/passwd", source.join("l")).unwrap();
    let long = "n".repeat(150);
    fs::write(source.join(&long), "").unwrap();
    let source = source.to_str().unwrap();
    let contents = format!("{source}/.");
    let inside = ["l", &long, "sub", "sub/b"];
    let below = |name: &str| {
        std::iter::once(name.to_owned())
            .chain(inside.iter().map(|path| format!("{name}/{path}")))
            .collect::<Vec<_>>()
    };
    let bare: Vec<String> = inside.iter().map(|path| (*path).to_owned()).collect();
    for (source, to, path, paths) in [
        (source, "web:/dir", "/dir", below("src")),
        (source, "web:/link", "/dir", below("src")),
        (source, "web:/new", "/new", bare.clone()),
        (contents.as_str(), "web:/dir", "/dir", bare),
    ] {
        let mock = sandbox(Vec::new());
        let ran = mock.run(&["sandbox", "cp", source, to]);
        assert_eq!(ran.code, 0, "{to}: {}", ran.err);
        let seen = mock.seen();
        let last = seen.last().unwrap();
        let line = format!(
            "PUT /v1/sandboxes/web/files/archive?path={}",
            path.replace('/', "%2F")
        );
        assert_eq!(last.line, line);
        let mut archive = tar::Archive::new(last.body.as_ref());
        let mut names = Vec::new();
        for entry in archive.entries().unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.header().uid().unwrap(), 0);
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            names.push(
                path.trim_start_matches("./")
                    .trim_end_matches('/')
                    .to_owned(),
            );
        }
        assert_eq!(names, paths, "{source} {to}");
        assert_eq!(
            mock.lines().iter().any(|line| line.contains("mkdir")),
            to == "web:/new"
        );
    }
}

#[test]
fn what_can_not_be_copied_is_told_before_anything_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("f");
    fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    let dir = directory.path().to_str().unwrap();
    for (from, to) in [
        (dir, "web:/file"),
        (file, "web:/new/"),
        ("/nonexistent", "web:/dir"),
        (file, "nope:/dir"),
    ] {
        let mock = sandbox(Vec::new());
        let ran = mock.run(&["sandbox", "cp", from, to]);
        assert_eq!(ran.code, 125, "{from} {to}");
        assert!(
            !mock.lines().iter().any(|line| line.starts_with("PUT")),
            "{from} {to}"
        );
    }
}

#[test]
fn archives_can_be_piped_both_ways() {
    let mock = sandbox(plain());
    let mut command = mock.command(&["sandbox", "cp", "web:/dir", "-"]);
    assert_eq!(command.output().unwrap().stdout, plain());
    mock.run_with(&["sandbox", "cp", "-", "web:/dir"], &plain())
        .good();
    assert_eq!(mock.seen().last().unwrap().body, plain());
}
