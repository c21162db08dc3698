//! The examples of `docs/spec.md` are right, and its tables are those of the code.

use ctnr_model::ContainerState;
use ctnr_model::container::{KnownFolder, Manifest, Override, RUNTIME_VARIABLES};

const SPEC: &str = include_str!("../../../docs/spec.md");

/// The code blocks that begin with these words.
fn blocks(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    let blocks = SPEC.split(start.as_str()).skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap_or(rest))
        .collect()
}

#[test]
fn examples_are_read() {
    let manifests = blocks("toml");
    assert_eq!(manifests.len(), 3);
    for text in manifests {
        Manifest::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
    let overrides = blocks("toml override");
    assert_eq!(overrides.len(), 1);
    for text in overrides {
        Override::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}

#[test]
fn all_tokens_and_variables_are_listed() {
    for folder in KnownFolder::ALL {
        assert!(SPEC.contains(&format!("`{folder}`")), "{folder}");
    }
    for name in RUNTIME_VARIABLES {
        assert!(SPEC.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn the_states_may_become_what_the_table_says() {
    for state in ContainerState::ALL {
        let followers: Vec<String> = state
            .followers()
            .iter()
            .map(|next| format!("`{next}`"))
            .collect();
        let followers = if followers.is_empty() {
            "gone".to_owned()
        } else {
            followers.join(", ")
        };
        let row = format!("| `{state}` | {followers} |");
        assert!(SPEC.contains(&row), "{row}");
    }
}
