//! Environment variables of a container's programs.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::fold::fold;
use super::text_template::TextTemplate;
use crate::Invalid;
use crate::invalid::string_conversions;

/// The name of an environment variable, compared without regard to case as Win32 does.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnvironmentName {
    text: String,
    folded: String,
}

impl EnvironmentName {
    /// The longest name, in bytes.
    const MAX_LEN: usize = 255;

    /// Reads a name.
    ///
    /// # Errors
    /// [`Invalid`] for an empty or long name, one with characters other than letters, digits and
    /// `_ ( ) - .` of ASCII, and one that the runtime keeps for itself.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |expected| Invalid::new("environment variable", text, expected);
        let fits = (1..=Self::MAX_LEN).contains(&text.len());
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_()-.".contains(&byte));
        if !fits || !plain {
            return Err(invalid(
                "expected 1 to 255 letters, digits, '_', '(', ')', '-' or '.'",
            ));
        }
        let folded = fold(text);
        if ["LD_", "WINE"]
            .iter()
            .any(|start| folded.starts_with(start))
            || ["TMPDIR", "DISPLAY"].contains(&folded.as_str())
        {
            return Err(invalid(
                "LD_…, WINE…, TMPDIR and DISPLAY belong to the runtime",
            ));
        }
        Ok(Self {
            text: text.to_owned(),
            folded,
        })
    }

    /// The name as it is compared.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The name in the case that it was written in.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for EnvironmentName {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for EnvironmentName {}

impl PartialOrd for EnvironmentName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EnvironmentName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for EnvironmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

string_conversions!(EnvironmentName);

/// The environment that a manifest adds to the runtime's.
pub type Environment = BTreeMap<EnvironmentName, TextTemplate>;

/// Variables that the runtime sets, and that a manifest may refer to.
pub const RUNTIME_VARIABLES: &[&str] = &[
    "ALLUSERSPROFILE",
    "COMSPEC",
    "HOMEDRIVE",
    "HOMEPATH",
    "OS",
    "PATH",
    "PATHEXT",
    "SYSTEMROOT",
    "TMP",
    "USERNAME",
    "WINDIR",
];

/// Why the variables of an environment can't be given values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentFault {
    /// Variables refer to each other in a circle.
    #[error("these variables refer to each other in a circle: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
    /// A variable is set nowhere.
    #[error(
        "%{0}% is no variable of this manifest or the runtime and no known folder; write %% for a percent sign"
    )]
    Unknown(String),
}

/// The variables in an order in which each stands behind those that its value refers to.
///
/// A variable of the runtime may refer to itself (`PATH = '%ProgramFiles%\7-Zip;%PATH%'`), which
/// means the runtime's value.
///
/// # Errors
/// The first variable in the order of names that has no value, and why.
pub fn settle(
    environment: &Environment,
) -> Result<Vec<&EnvironmentName>, (EnvironmentName, EnvironmentFault)> {
    let mut order = Vec::new();
    let mut seen = BTreeMap::new();
    for name in environment.keys() {
        visit(environment, name, &mut seen, &mut Vec::new(), &mut order)
            .map_err(|fault| (name.clone(), fault))?;
    }
    Ok(order)
}

/// Whether the runtime sets a variable of this name.
pub fn is_runtime_variable(folded: &str) -> bool {
    RUNTIME_VARIABLES.contains(&folded)
}

/// Goes down the references of one variable. A manifest has at most
/// [`Manifest::MAX_VARIABLES`](super::Manifest::MAX_VARIABLES), which bounds the depth.
fn visit<'a>(
    environment: &'a Environment,
    name: &'a EnvironmentName,
    seen: &mut BTreeMap<&'a EnvironmentName, bool>,
    way: &mut Vec<&'a EnvironmentName>,
    order: &mut Vec<&'a EnvironmentName>,
) -> Result<(), EnvironmentFault> {
    match seen.get(name) {
        Some(true) => return Ok(()),
        Some(false) => {
            let start = way.iter().position(|on_way| *on_way == name).unwrap_or(0);
            let circle = way[start..].iter().chain([&name]).map(ToString::to_string);
            return Err(EnvironmentFault::Cycle(circle.collect()));
        }
        None => drop(seen.insert(name, false)),
    }
    way.push(name);
    for reference in environment
        .get(name)
        .into_iter()
        .flat_map(TextTemplate::variables)
    {
        let folded = fold(reference);
        if is_runtime_variable(&folded) && folded == name.folded {
            continue;
        }
        let wanted = EnvironmentName {
            text: reference.to_owned(),
            folded,
        };
        match environment.get_key_value(&wanted) {
            Some((known, _)) => visit(environment, known, seen, way, order)?,
            None if is_runtime_variable(&wanted.folded) => {}
            None => return Err(EnvironmentFault::Unknown(reference.to_owned())),
        }
    }
    way.pop();
    seen.insert(name, true);
    order.push(name);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables
            .iter()
            .map(|(name, value)| {
                (
                    EnvironmentName::parse(name).unwrap(),
                    TextTemplate::parse(value).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn names_are_checked_and_compared_without_case() {
        assert_eq!(
            EnvironmentName::parse("Path").unwrap(),
            EnvironmentName::parse("PATH").unwrap()
        );
        assert!(EnvironmentName::parse("ProgramFiles(x86)").is_ok());
        for bad in [
            "",
            "a b",
            "a=b",
            "a%",
            "ñ",
            "LD_PRELOAD",
            "wineprefix",
            "TmpDir",
            &"a".repeat(256),
        ] {
            assert!(EnvironmentName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn references_come_first() {
        let environment = environment(&[
            ("A", "%b%"),
            ("B", "%C% %PATH%"),
            ("C", "%Documents%"),
            ("Path", "x;%PATH%"),
        ]);
        let order: Vec<&str> = settle(&environment)
            .unwrap()
            .iter()
            .map(|name| name.as_str())
            .collect();
        assert_eq!(order, ["C", "Path", "B", "A"]);
    }

    #[test]
    fn circles_and_strangers_are_named() {
        for (variables, fault) in [
            (&[("A", "%A%")][..], "A -> A"),
            (&[("A", "%B%"), ("B", "%C%"), ("C", "%b%")], "B -> C -> B"),
            (&[("A", "%NOWHERE%")], "%NOWHERE%"),
        ] {
            let (name, error) = settle(&environment(variables)).unwrap_err();
            assert_eq!(name.as_str(), "A");
            assert!(error.to_string().contains(fault), "{error}");
        }
    }

    #[test]
    fn many_references_take_no_time() {
        let variables: Vec<(String, String)> = (0..256)
            .map(|n| (format!("V{n:03}"), format!("%V{:03}%", n + 1).repeat(100)))
            .chain([("V256".to_owned(), String::new())])
            .collect();
        let variables: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(settle(&environment(&variables)).unwrap().len(), 257);
    }
}
