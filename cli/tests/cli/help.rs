//! Help texts, as a user sees them.

use insta::assert_snapshot;

use crate::support::{Ran, bare};

fn help(args: &[&str]) -> String {
    let args: Vec<&str> = args.iter().copied().chain(["--help"]).collect();
    Ran::of(bare(&args)).good().to_owned()
}

#[test]
fn of_everything() {
    let verbs: &[&[&str]] = &[
        &[],
        &["list"],
        &["create"],
        &["inspect"],
        &["install"],
        &["run"],
        &["exec"],
        &["ps"],
        &["attach"],
        &["start"],
        &["stop"],
        &["logs"],
        &["snapshot"],
        &["rollback"],
        &["reset"],
        &["clone"],
        &["export"],
        &["import"],
        &["push"],
        &["pull"],
        &["manifest"],
        &["plan"],
        &["rm"],
        &["jobs"],
        &["events"],
        &["runtime"],
        &["host"],
        &["host", "ls"],
        &["host", "inspect"],
        &["runtime", "ls"],
        &["runtime", "build"],
        &["runtime", "rm"],
        &["runtime", "move"],
        &["sandbox"],
        &["sandbox", "create"],
        &["sandbox", "ls"],
        &["sandbox", "inspect"],
        &["sandbox", "exec"],
        &["sandbox", "ps"],
        &["sandbox", "attach"],
        &["sandbox", "logs"],
        &["sandbox", "stats"],
        &["sandbox", "cp"],
        &["sandbox", "stop"],
        &["sandbox", "restart"],
        &["sandbox", "rm"],
        &["sandbox", "events"],
        &["image"],
        &["image", "pull"],
        &["image", "import"],
        &["image", "export"],
        &["image", "ls"],
        &["image", "inspect"],
        &["image", "tag"],
        &["image", "rm"],
        &["image", "prune"],
        &["key"],
        &["key", "create"],
        &["key", "ls"],
        &["key", "inspect"],
        &["key", "revoke"],
        &["info"],
        &["completion"],
    ];
    for verb in verbs {
        let name = ["help"].iter().chain(*verb).copied().collect::<Vec<_>>();
        assert_snapshot!(name.join("-"), help(verb));
    }
}

#[test]
fn every_verb_has_an_example() {
    for verb in [
        "list", "create", "inspect", "run", "exec", "start", "stop", "logs", "snapshot",
        "rollback", "reset", "clone", "manifest", "plan", "rm", "jobs", "events", "host",
    ] {
        assert!(help(&[verb]).contains("Examples:"), "{verb}");
    }
    for verb in ["create", "ls", "inspect", "revoke"] {
        assert!(help(&["key", verb]).contains("Examples:"), "{verb}");
    }
    for verb in ["ls", "build", "rm", "move"] {
        assert!(help(&["runtime", verb]).contains("Examples:"), "{verb}");
    }
    for verb in [
        "create", "ls", "inspect", "exec", "logs", "cp", "stop", "restart", "rm", "events",
    ] {
        assert!(help(&["sandbox", verb]).contains("Examples:"), "{verb}");
    }
    for verb in [
        "pull", "import", "export", "ls", "inspect", "tag", "rm", "prune",
    ] {
        assert!(help(&["image", verb]).contains("Examples:"), "{verb}");
    }
}

#[test]
fn completion_scripts_are_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Ran::of(bare(&["completion", shell]));
        assert!(script.good().contains("COMPLETE"), "{shell}");
    }
}
