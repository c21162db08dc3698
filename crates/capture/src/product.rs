//! What a registry delta says of the product that was installed.

use serde::{Deserialize, Serialize};

use crate::registry::{Delta, HiveKind};

/// Where programs say how they are removed, for both bitnesses.
const UNINSTALL: [&str; 2] = [
    r"Software\Microsoft\Windows\CurrentVersion\Uninstall",
    r"Software\Wow6432Node\Microsoft\Windows\CurrentVersion\Uninstall",
];

/// Where programs register the place of their files.
const APP_PATHS: [&str; 2] = [
    r"Software\Microsoft\Windows\CurrentVersion\App Paths",
    r"Software\Wow6432Node\Microsoft\Windows\CurrentVersion\App Paths",
];

/// Where kinds of files are registered.
const CLASSES: &str = r"Software\Classes";

/// A product, as its uninstall key tells.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Product {
    /// The name.
    pub name: String,
    /// The version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// Where its icon is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Where it was installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// A kind of file, and the command that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// The extension with its dot.
    pub extension: String,
    /// What such a file is.
    pub description: Option<String>,
    /// The command line.
    pub command: String,
}

const HIVES: [HiveKind; 2] = [HiveKind::Machine, HiveKind::User];

/// The products that a delta has uninstall keys of.
pub fn products(delta: &Delta) -> Vec<Product> {
    let mut found = Vec::new();
    for (hive, place) in places(&UNINSTALL) {
        for (rest, change) in delta.below(hive, place) {
            let Some(name) = change.text("DisplayName").filter(|_| !rest.contains('\\')) else {
                continue;
            };
            let filled = |name| change.text(name).filter(|text: &String| !text.is_empty());
            found.push(Product {
                name,
                version: filled("DisplayVersion"),
                publisher: filled("Publisher"),
                icon: filled("DisplayIcon"),
                location: filled("InstallLocation"),
            });
        }
    }
    found
}

/// The programs that a delta registers by name.
pub fn app_paths(delta: &Delta) -> Vec<String> {
    let mut found = Vec::new();
    for (hive, place) in places(&APP_PATHS) {
        for (_, change) in delta.below(hive, place) {
            found.extend(
                change
                    .text("")
                    .map(|path| path.trim_matches('"').to_owned()),
            );
        }
    }
    found
}

/// The kinds of files that a delta registers.
pub fn associations(delta: &Delta) -> Vec<Association> {
    let mut found = Vec::new();
    for hive in HIVES {
        let class = |name: &str| {
            let name = name.to_lowercase();
            delta
                .below(hive, CLASSES)
                .find(|(rest, _)| rest.to_lowercase() == name)
                .map(|(_, change)| change)
        };
        for (extension, change) in delta.below(hive, CLASSES) {
            if !extension.starts_with('.') || extension.contains('\\') {
                continue;
            }
            let Some(id) = change.text("").filter(|id| !id.is_empty()) else {
                continue;
            };
            let command = class(&format!(r"{id}\shell\open\command"));
            let Some(command) = command.and_then(|change| change.text("")) else {
                continue;
            };
            found.push(Association {
                extension: extension.to_owned(),
                description: class(&id).and_then(|change| change.text("")),
                command,
            });
        }
    }
    found
}

fn places<'a>(list: &'a [&'a str]) -> impl Iterator<Item = (HiveKind, &'a str)> {
    HIVES
        .into_iter()
        .flat_map(move |hive| list.iter().map(move |place| (hive, *place)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Hive;

    #[test]
    fn a_delta_tells_product_programs_and_file_types() {
        let keys = concat!(
            "WINE REGISTRY Version 2\n",
            "[Software\\\\Wow6432Node\\\\Microsoft\\\\Windows\\\\CurrentVersion\\\\Uninstall\\\\Z]\n",
            "\"DisplayName\"=\"Zip\"\n\"DisplayVersion\"=\"1.2\"\n\"Publisher\"=\"P\"\n",
            "[Software\\\\Microsoft\\\\Windows\\\\CurrentVersion\\\\App Paths\\\\z.exe]\n@=\"C:\\\\z.exe\"\n",
            "[Software\\\\Classes\\\\.zz]\n@=\"Z.File\"\n[Software\\\\Classes\\\\Z.File]\n@=\"A file\"\n",
            "[Software\\\\Classes\\\\Z.File\\\\shell\\\\open\\\\command]\n@=\"\\\"C:\\\\z.exe\\\" \\\"%1\\\"\"\n",
        );
        let mut delta = Delta::default();
        let after = Hive::read(keys).unwrap();
        delta.add(HiveKind::Machine, &Hive::default(), &after);
        let products = products(&delta);
        assert_eq!(products[0].name, "Zip");
        assert_eq!(products[0].version.as_deref(), Some("1.2"));
        assert_eq!(products[0].location, None);
        assert_eq!(app_paths(&delta), [r"C:\z.exe"]);
        let types = associations(&delta);
        assert_eq!(types[0].extension, ".zz");
        assert_eq!(types[0].description.as_deref(), Some("A file"));
        assert_eq!(types[0].command, r#""C:\z.exe" "%1""#);
    }
}
