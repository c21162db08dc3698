//! gRPC, by a client that knows nothing but `proto/containers.proto`: Python's grpcio.

use std::fs;
use std::path::Path;
use std::process::Command;

use ctnr_e2e::{Backend, Item, Netns, run, tar};
use tempfile::TempDir;

use crate::world::{World, given, seven_zip};

const PROTOCOL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto");
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/programs/grpc_client.py");

/// The client: grpcio's packages, and what its tools have made of the protocol.
struct Client {
    made: TempDir,
}

impl Client {
    fn make() -> Self {
        let made = tempfile::tempdir().unwrap();
        let out = made.path().display();
        let mut tools = Command::new("python3");
        tools
            .env("PYTHONPATH", given("CTNR_TEST_GRPC"))
            .args(["-m", "grpc_tools.protoc", "-I", PROTOCOL])
            .arg(format!("--python_out={out}"))
            .arg(format!("--grpc_python_out={out}"))
            .arg("containers.proto");
        run(&mut tools).ok();
        Self { made }
    }

    /// Has a Python play a scenario against a server, to its end.
    #[track_caller]
    fn play(&self, python: &mut Command, scenario: &str, address: &str, arguments: &[&str]) {
        let packages = given("CTNR_TEST_GRPC");
        let path = std::env::join_paths([packages.as_path(), self.made.path()]).unwrap();
        python
            .env("PYTHONPATH", path)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .args([PROGRAM, scenario, address])
            .args(arguments);
        assert_eq!(run(python).ok(), "done\n");
    }

    #[track_caller]
    fn run(&self, scenario: &str, address: &str, arguments: &[&str]) {
        let mut python = Command::new("python3");
        self.play(&mut python, scenario, address, arguments);
    }
}

/// Where a backend serves gRPC, by its log.
fn address(backend: &Backend) -> String {
    let log = backend.log();
    let (_, rest) = log.split_once("serving gRPC on ").expect("it says where");
    let end = rest.find(|letter: char| !letter.is_ascii_digit() && !".:".contains(letter));
    rest[..end.unwrap_or(rest.len())].to_owned()
}

fn serving(listen: &str) -> ctnr_e2e::Builder {
    Backend::builder()
        .listen(listen)
        .set("CONTAINERS_GRPC_ADDR", &format!("{listen}:0"))
}

/// An archive with 7-Zip's program, in `folder`.
fn archive(folder: &Path) -> String {
    let path = folder.join("app.tar");
    let program = Item::program("7za.exe", seven_zip("x64"));
    fs::write(&path, tar(&[program])).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_python_client_drives_the_life_of_a_container() {
    let client = Client::make();
    let archive = archive(client.made.path());
    let world = World::with(serving("127.0.0.1"));
    let address = address(&world.backend);
    client.run("described", &address, &[]);
    client.run("life", &address, &[&archive]);
    world.end();
}

#[test]
fn a_call_that_is_called_off_ends_what_is_behind_it() {
    let client = Client::make();
    let archive = archive(client.made.path());
    let world = World::with(serving("127.0.0.1"));
    client.run("cancel", &address(&world.backend), &[&archive]);
    world.end();
}

#[test]
fn the_key_decides_who_may_call() {
    let client = Client::make();
    let backend = serving("127.0.0.1").key("correct-horse").start();
    let address = address(&backend);
    client.run("key", &address, &["correct-horse"]);
    client.run("described", &address, &[]);
    let log = backend.log();
    assert!(!log.contains("correct-horse"), "the key is in the log");
}

/// Without a key only this host is served, whichever of its addresses the server listens on.
#[test]
fn without_a_key_only_loopback_peers() {
    let client = Client::make();
    let netns = Netns::enter();
    let outside = netns.internet();
    let backend = serving("0.0.0.0").start();
    let port = address(&backend).rsplit_once(':').unwrap().1.to_owned();
    client.run("described", &format!("127.0.0.1:{port}"), &[]);
    let mut python = outside.command("python3");
    client.play(&mut python, "stranger", &format!("192.0.2.1:{port}"), &[]);
}

/// Several backends on one machine are usual: the first one has the usual port.
#[test]
fn where_nothing_is_set_the_second_backend_goes_on_without() {
    let _netns = Netns::enter();
    let start = || Backend::builder().set("CONTAINERS_GRPC_ADDR", "").start();
    let first = start();
    assert_eq!(address(&first), "0.0.0.0:50051");
    let second = start();
    second.api().get("/healthz").expect(200);
    let log = second.log();
    let warning = log.lines().find(|line| line.contains("gRPC is not served"));
    let warning = warning.unwrap_or_else(|| panic!("no warning: {log}"));
    for part in ["0.0.0.0:50051", "CONTAINERS_GRPC_ADDR"] {
        assert!(warning.contains(part), "{warning}");
    }
}
