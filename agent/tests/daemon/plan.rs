//! `agent plan` and `agent info`.

use serde_json::Value;

use crate::program::{agent, bad, good};

const MANIFEST: &str = r#"
schema = 1
name = "notepad"
version = "10.0"
bitness = "x64"
runtime = "wine:10"

[[entry]]
name = "notepad"
program = '%Windows%\notepad.exe'

[[host]]
source = "%Documents%"
path = "%Documents%"
access = "merged"
"#;

#[test]
fn a_plan_needs_no_backend_and_no_host() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("container.toml");
    std::fs::write(&file, MANIFEST).unwrap();
    let file = file.to_str().unwrap();
    let data = folder.path().join("data");
    let run = |args: &[&str]| agent(&data, args).output().unwrap();
    let digest = format!("sha256:{}", "a".repeat(64));
    let pinned = ["plan", file, "--runtime", &digest];

    assert!(bad(&run(&["plan", file])).contains("--runtime"));
    assert!(bad(&run(&pinned)).contains("--folder"));
    let linux = [&pinned[..], &["--folder", "Documents=/home/me/papers"]].concat();
    let text = good(&run(&linux));
    assert_eq!(good(&run(&linux)), text);
    let plan: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&plan["target"], &plan["runtime"]),
        (&"linux".into(), &digest.as_str().into())
    );
    assert!(text.contains("/home/me/papers"));
    let windows = good(&run(&[&pinned[..], &["--target", "windows"]].concat()));
    let plan: Value = serde_json::from_str(&windows).unwrap();
    assert_eq!(plan["target"], "windows");
    std::fs::write(
        folder.path().join("container.toml"),
        "schema = 1\nnmae = 2\n",
    )
    .unwrap();
    assert!(bad(&run(&pinned)).contains("line 2"));
    assert!(!data.exists());
}

#[test]
fn info_tells_what_the_host_has_and_who_holds_it() {
    let data = tempfile::tempdir().unwrap();
    let info = || {
        let text = good(&agent(data.path(), &["info", "--json"]).output().unwrap());
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let free = info();
    assert_eq!(free["held_by"], Value::Null);
    assert_eq!(free["engines"].as_array().unwrap().len(), 2);
    let hooks = &free["realisers"][1];
    assert_eq!(
        (&hooks["name"], &hooks["available"]),
        (&"hooks".into(), &false.into())
    );
    let _owner = ctnr_agent::DataDir::open(data.path()).unwrap();
    let held = info();
    let own = format!("process {}", std::process::id());
    assert_eq!((&held["held_by"], &held["id"]), (&own.into(), &free["id"]));
    assert_eq!(held["engines"], Value::Array(Vec::new()));
}
