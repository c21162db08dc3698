//! The crate graph: dependencies point one way.
//!
//! ```text
//! binaries      backend  agent  ctnr-cli
//!                  |       |       |
//! engines       engine-native  engine-docker     (named by binaries only)
//!                  |
//! base          engine  images  api  client
//!                  |
//! leaf          model  debian  capture  protocol
//! ```
//!
//! Each package has a line with all that it may depend on inside the workspace. A dependency that
//! is not in its line is the biggest kind of change: it wants its reason in the commit that adds it
//! here.

use anyhow::{Result, bail};

use crate::workspace::{Package, Workspace};

/// What a package is, which decides what may depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Pure types.
    Leaf,
    /// What adapters and binaries are built on.
    Base,
    /// Realises the engine trait with one technique.
    Engine,
    /// Puts the parts together and is run by a user.
    Binary,
    /// Runs in development only.
    Tool,
}

/// A package, its role, and what it may depend on inside the workspace.
type Rule = (&'static str, Role, &'static [&'static str]);

const RULES: &[Rule] = &[
    ("ctnr-model", Role::Leaf, &[]),
    ("ctnr-debian", Role::Leaf, &[]),
    ("ctnr-panel", Role::Leaf, &[]),
    ("ctnr-capture", Role::Leaf, &[]),
    ("ctnr-protocol", Role::Leaf, &[]),
    ("ctnr-plan", Role::Base, &["ctnr-model"]),
    ("ctnr-api", Role::Base, &["ctnr-model"]),
    ("ctnr-client", Role::Base, &["ctnr-api", "ctnr-model"]),
    ("ctnr-engine", Role::Base, &["ctnr-model"]),
    ("ctnr-images", Role::Base, &["ctnr-model", "ctnr-engine"]),
    (
        "ctnr-wine",
        Role::Base,
        &["ctnr-model", "ctnr-images", "ctnr-debian"],
    ),
    (
        "ctnr-engine-native",
        Role::Engine,
        &["ctnr-model", "ctnr-engine", "ctnr-images"],
    ),
    (
        "ctnr-engine-docker",
        Role::Engine,
        &["ctnr-model", "ctnr-engine"],
    ),
    (
        "agent",
        Role::Binary,
        &[
            "ctnr-model",
            "ctnr-plan",
            "ctnr-wine",
            "ctnr-engine",
            "ctnr-images",
            "ctnr-engine-native",
            "ctnr-engine-docker",
            "ctnr-client",
            "ctnr-api",
        ],
    ),
    (
        "backend",
        Role::Binary,
        &[
            "ctnr-model",
            "ctnr-plan",
            "ctnr-capture",
            "ctnr-api",
            "ctnr-wine",
            "ctnr-engine",
            "ctnr-images",
            "ctnr-engine-native",
            "ctnr-engine-docker",
            "ctnr-panel",
            "ctnr-protocol",
            "agent",
        ],
    ),
    // The command line talks to the API only.
    (
        "ctnr-cli",
        Role::Binary,
        &["ctnr-model", "ctnr-api", "ctnr-client"],
    ),
    // Drives the built binaries as a user does.
    (
        "ctnr-e2e",
        Role::Tool,
        &["ctnr-model", "ctnr-api", "ctnr-client"],
    ),
    (
        "xtask",
        Role::Tool,
        &[
            "ctnr-model",
            "ctnr-api",
            "ctnr-client",
            "ctnr-images",
            "ctnr-debian",
            "ctnr-wine",
        ],
    ),
];

pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let broken = violations(&workspace.packages, RULES);
    if !broken.is_empty() {
        bail!("the crate graph is broken:\n{}", broken.join("\n"));
    }
    Ok(())
}

/// What the packages do that the rules do not allow.
fn violations(packages: &[Package], rules: &[Rule]) -> Vec<String> {
    let rule = |name: &str| rules.iter().find(|(known, ..)| *known == name);
    let mut broken = Vec::new();
    for package in packages {
        let Some((name, role, allowed)) = rule(&package.name) else {
            broken.push(format!(
                "{}: has no line in xtask/src/check/graph.rs; say there what it may depend on",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let Some((on, on_role, _)) = rule(&dependency.name) else {
                continue;
            };
            // Tests may bring doubles and suites from beside, but never a binary.
            let in_tests = dependency.kind.as_deref() == Some("dev");
            if *on_role == Role::Engine && *role != Role::Binary && !in_tests {
                broken.push(format!("{name} -> {on}: only binaries name an engine"));
            } else if !in_tests && !allowed.contains(on) {
                broken.push(format!(
                    "{name} -> {on}: not in its line in xtask/src/check/graph.rs"
                ));
            } else if in_tests && *on_role == Role::Tool {
                broken.push(format!("{name} -> {on}: a tool is no part of a test"));
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    fn package(name: &str, on: &[(&str, Option<&str>)]) -> Package {
        Package {
            name: name.to_owned(),
            dependencies: on
                .iter()
                .map(|(name, kind)| Dependency {
                    name: (*name).to_owned(),
                    kind: kind.map(str::to_owned),
                })
                .collect(),
            features: Default::default(),
            targets: Vec::new(),
        }
    }

    #[test]
    fn this_workspace_keeps_the_rules() {
        let workspace = Workspace::read().expect("cargo answers");
        assert_eq!(violations(&workspace.packages, RULES), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_arrow_is_named() {
        let wrong = [
            package("ctnr-model", &[("ctnr-engine", None), ("serde", None)]),
            package("ctnr-images", &[("ctnr-engine-native", None)]),
            package("ctnr-stray", &[]),
            package("ctnr-engine", &[("ctnr-engine-native", Some("dev"))]),
            package("ctnr-cli", &[("ctnr-engine", None)]),
        ];
        let broken = violations(&wrong, RULES);
        assert_eq!(broken.len(), 4, "{broken:#?}");
        assert!(broken[0].starts_with("ctnr-model -> ctnr-engine"));
        assert!(broken[1].contains("only binaries name an engine"));
        assert!(broken[2].contains("has no line"));
        assert!(broken[3].starts_with("ctnr-cli -> ctnr-engine"));
    }

    #[test]
    fn the_rules_have_no_cycle() {
        let mut settled: Vec<&str> = Vec::new();
        while settled.len() < RULES.len() {
            let ready: Vec<&str> = RULES
                .iter()
                .filter(|(name, _, on)| {
                    !settled.contains(name) && on.iter().all(|on| settled.contains(on))
                })
                .map(|(name, ..)| *name)
                .collect();
            assert!(!ready.is_empty(), "a cycle beyond {settled:?}");
            settled.extend(ready);
        }
    }
}
