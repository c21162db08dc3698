//! Overrides of a deployment and a user, and who wins.

use ctnr_model::container::{
    HostAccess, Isolation, Manifest, NetworkPolicy, Override, PathTemplate, RuntimeReference,
};

const FULL: &str = include_str!("manifests/full.toml");

fn over(text: &str) -> Override {
    Override::parse(&format!("schema = 1\n{text}")).expect("it is a right override")
}

fn package() -> Manifest {
    Manifest::parse(FULL).expect("it is a right manifest")
}

fn refused(over: &Override) -> String {
    let error = package().with(over).expect_err("together they are wrong");
    error.to_string()
}

#[test]
fn an_empty_override_changes_nothing() {
    assert_eq!(package().with(&over("")).unwrap(), package());
}

#[test]
fn the_user_wins_over_the_deployment_and_that_over_the_package() {
    let deployment = over(
        "runtime = \"wine:11\"\n[environment]\ndrawing_level = \"novice\"\nSITE = \"north\"\n\
         [network]\npolicy = \"none\"\n[limits]\nmemory = \"256m\"\npids = 64\n\
         [isolation]\ndefault = \"full\"",
    );
    let user = over(
        "default_entry = \"convert\"\n[environment]\nDRAWING_LEVEL = \"wizard\"\n\
         [limits]\npids = 32",
    );
    let merged = package().with(&deployment).unwrap().with(&user).unwrap();
    let variable = |name: &str| {
        let (name, value) = merged
            .environment
            .iter()
            .find(|(known, _)| known.folded() == name)
            .unwrap();
        (name.as_str(), value.as_str())
    };
    assert_eq!(variable("DRAWING_LEVEL"), ("DRAWING_LEVEL", "wizard"));
    assert_eq!(variable("SITE"), ("SITE", "north"));
    assert_eq!(variable("DRAWING_MODE").1, "%DRAWING_LEVEL%-100%%");
    assert_eq!(merged.runtime, RuntimeReference::parse("wine:11").unwrap());
    assert_eq!(merged.network.policy, NetworkPolicy::None);
    assert_eq!(merged.isolation.default, Isolation::Full);
    assert_eq!(merged.default_entry().unwrap().name.as_str(), "convert");
    let limits = merged.limits.limits();
    assert_eq!(limits.memory.map(|memory| memory.bytes()), Some(256 << 20));
    assert_eq!(limits.pids.map(|pids| pids.count()), Some(32));
    assert_eq!(limits.cpus, package().limits.cpus);
}

#[test]
fn rules_and_folders_of_an_override_replace_those_of_the_same_path() {
    let changed = package()
        .with(&over(
            "[isolation]\npath = [{ path = '%pictures%\\drawings', mode = \"full\" }]\n\
             key = [{ key = 'HKLM\\Software\\Drawing', mode = \"full\" }]\n\
             [[host]]\npath = 'd:\\shared'\nremove = true\n\
             [[host]]\nsource = \"%Documents%\"\npath = '%Documents%\\Drawings'\naccess = \"write-copy\"\n\
             [[host]]\nsource = \"/srv/more\"\npath = '%ProgramData%\\Drawing'\naccess = \"read-only\"",
        ))
        .unwrap();
    let paths: Vec<(String, Isolation)> = changed
        .isolation
        .paths
        .iter()
        .map(|rule| (rule.path.to_string(), rule.mode))
        .collect();
    assert_eq!(
        paths,
        [(r"%Pictures%\drawings".to_owned(), Isolation::Full)]
    );
    let keys: Vec<String> = changed
        .isolation
        .keys
        .iter()
        .map(|rule| rule.key.to_string())
        .collect();
    assert_eq!(keys, [r"HKLM\Software\Drawing", r"HKCU\Software\Drawing"]);
    assert_eq!(changed.isolation.keys[0].mode, Isolation::Full);
    let hosts: Vec<(&PathTemplate, HostAccess)> = changed
        .hosts
        .iter()
        .map(|host| (&host.path, host.access))
        .collect();
    let path = |text| PathTemplate::parse(text).unwrap();
    assert_eq!(
        hosts,
        [
            (&path(r"%Documents%\Drawings"), HostAccess::WriteCopy),
            (&path(r"%ProgramData%\Drawing"), HostAccess::ReadOnly),
        ]
    );
}

#[test]
fn what_is_wrong_only_together_is_told_of() {
    let circle = refused(&over("[environment]\nDRAWING_LEVEL = \"%DRAWING_MODE%\""));
    assert!(
        circle.contains("DRAWING_LEVEL -> DRAWING_MODE -> DRAWING_LEVEL"),
        "{circle}"
    );
    let entry = refused(&over("default_entry = \"paint\""));
    assert!(
        entry.contains("default_entry: there is no entry paint"),
        "{entry}"
    );
    let rules: String = (0..4095)
        .map(|n| format!("{{path='C:\\{n}',mode='full'}},"))
        .collect();
    let many = refused(&over(&format!("[isolation]\npath = [{rules}]")));
    assert!(
        many.contains("isolation.path: it has 4097 values"),
        "{many}"
    );
}

#[test]
fn only_what_may_be_overridden_is_read() {
    for (text, said) in [
        (
            "name = \"x\"",
            "name: unknown key; expected schema, runtime, default_entry",
        ),
        ("[[entry]]\nname = \"x\"", "entry: unknown key"),
        ("[[host]]\nremove = true", "host[0].path: it is missing"),
        (
            "[[host]]\npath = 'D:\\x'\nremove = true\nsource = \"/srv\"",
            "host[0].source: unknown key",
        ),
        ("[[host]]\npath = 'D:\\x'", "host[0].source: it is missing"),
    ] {
        let error = Override::parse(&format!("schema = 1\n{text}"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
}
