//! The programs of an installer, and the manifest that offers them.

use ctnr_agent::win32::split_command_line;
use ctnr_capture::registry::Delta;
use ctnr_capture::{Product, Shortcut, app_paths, associations};
use ctnr_model::container::{
    Entry, EntryKind, EntryName, Extension, FileType, Manifest, PackageVersion, PathTemplate,
    TextTemplate, Win32Path, fold,
};
use serde::{Deserialize, Serialize};

/// The user's profile, as Windows writes it, and the token that stands for it in manifests.
const PROFILE: &str = r"C:\users\user";
const PROFILE_TOKEN: &str = "%UserProfile%";

/// A program that an installer has brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundProgram {
    /// The name of its entry point.
    pub name: String,
    /// Its file, as Windows writes it.
    pub program: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Its working directory, where it is not the program's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// What it is, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where its icon is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Console or windows.
    pub kind: EntryKind,
}

/// The programs of shortcuts, of App Paths, and where there are neither those of new folders. What
/// removes the product again is none of them.
pub(super) fn programs(
    shortcuts: Vec<(String, Shortcut)>,
    delta: &Delta,
    in_folders: Vec<String>,
) -> Vec<FoundProgram> {
    let mut found: Vec<FoundProgram> = Vec::new();
    for (name, shortcut) in shortcuts {
        let line = format!("x {}", shortcut.arguments);
        let arguments = split_command_line(&line).unwrap_or_default();
        add(
            &mut found,
            FoundProgram {
                name,
                program: shortcut.target,
                arguments: arguments.into_iter().skip(1).collect(),
                directory: shortcut.directory.filter(|text| !text.is_empty()),
                description: shortcut.description.filter(|text| !text.is_empty()),
                icon: shortcut.icon.filter(|text| !text.is_empty()),
                kind: EntryKind::Gui,
            },
        );
    }
    let mut others = app_paths(delta);
    if found.is_empty() && others.is_empty() {
        others = in_folders;
    }
    for program in others {
        let is_known = found
            .iter()
            .any(|known| fold(&known.program) == fold(&program));
        if is_known {
            continue;
        }
        let file = program.rsplit('\\').next().unwrap_or(&program);
        let name = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let program = FoundProgram {
            name: name.to_owned(),
            program: program.clone(),
            arguments: Vec::new(),
            directory: None,
            description: None,
            icon: None,
            kind: EntryKind::Gui,
        };
        add(&mut found, program);
    }
    found
}

/// Adds a program under a name that an entry point can have and that none of the others has.
fn add(found: &mut Vec<FoundProgram>, mut program: FoundProgram) {
    let text = format!("{} {}", program.name, program.program).to_lowercase();
    let removes = ["uninst", "unins000", "msiexec"];
    let runs = [".exe", ".bat", ".cmd", ".com"];
    let is_program = runs
        .iter()
        .any(|end| program.program.to_lowercase().ends_with(end));
    if !is_program || removes.iter().any(|word| text.contains(word)) {
        return;
    }
    let Some(name) = entry_name(&program.name) else {
        return;
    };
    let is_taken = |name: &str| found.iter().any(|known| known.name == name);
    program.name = match is_taken(&name) {
        false => name,
        true => {
            let mut names = (2..1_000).map(|number| format!("{name}-{number}"));
            let Some(name) = names.find(|name| !is_taken(name)) else {
                return;
            };
            name
        }
    };
    found.push(program);
}

/// The name of an entry point like a text: `7-Zip File Manager` becomes `7-zip-file-manager`.
fn entry_name(text: &str) -> Option<String> {
    let plain = |letter: char| match letter {
        'a'..='z' | '0'..='9' | '_' | '.' => letter,
        _ => '-',
    };
    let words: String = text.to_lowercase().chars().map(plain).collect();
    let mut name = words.trim_matches(['-', '.', '_']).to_owned();
    while name.contains("--") {
        name = name.replace("--", "-");
    }
    // Room for a number behind it.
    name.truncate(60);
    EntryName::parse(&name).ok().map(|name| name.to_string())
}

/// A manifest with the programs and the kinds of files of an installer. What it had of the same
/// names is replaced; what a manifest can't say is left out.
pub(super) fn describe(
    mut manifest: Manifest,
    products: &[Product],
    programs: &[FoundProgram],
    delta: &Delta,
) -> Manifest {
    if let Some(product) = products.first() {
        if let Some(version) = product.version.as_deref().and_then(version) {
            manifest.version = version;
        }
        let words = match &product.publisher {
            Some(publisher) => format!("{}, {publisher}", product.name),
            None => product.name.clone(),
        };
        let is_control = |letter: char| letter.is_control();
        let short = words.len() <= Manifest::MAX_DESCRIPTION && !words.contains(is_control);
        manifest.description = short.then_some(words).or(manifest.description);
    }
    for program in programs {
        let Some(entry) = entry(program) else {
            continue;
        };
        let is_full = manifest.entries.len() >= Manifest::MAX_ENTRIES;
        let there = manifest
            .entries
            .iter_mut()
            .find(|known| fold(known.name.as_str()) == fold(entry.name.as_str()));
        match there {
            Some(there) => {
                *there = Entry {
                    default: there.default,
                    ..entry
                }
            }
            None if !is_full => manifest.entries.push(entry),
            None => {}
        }
    }
    if manifest.default_entry().is_none()
        && let Some(first) = manifest.entries.first_mut()
    {
        first.default = true;
    }
    for association in associations(delta) {
        let Ok(extension) = Extension::parse(&association.extension) else {
            continue;
        };
        let words = split_command_line(&association.command).unwrap_or_default();
        let opens = words.first().and_then(|program| {
            let program = template(program)?;
            manifest
                .entries
                .iter()
                .find(|entry| entry.program == program)
        });
        let Some(entry) = opens.map(|entry| entry.name.clone()) else {
            continue;
        };
        manifest
            .file_types
            .retain(|known| known.extension.folded() != extension.folded());
        if manifest.file_types.len() < Manifest::MAX_FILE_TYPES {
            manifest.file_types.push(FileType {
                extension,
                description: association.description.filter(|text| !text.is_empty()),
                entry,
            });
        }
    }
    manifest
}

fn entry(program: &FoundProgram) -> Option<Entry> {
    let literal = |text: &String| TextTemplate::parse(&text.replace('%', "%%")).ok();
    Some(Entry {
        name: EntryName::parse(&program.name).ok()?,
        default: false,
        program: template(&program.program)?,
        args: program
            .arguments
            .iter()
            .map(literal)
            .collect::<Option<_>>()?,
        directory: program.directory.as_deref().and_then(template),
        kind: program.kind,
    })
}

/// A path of the container as a manifest writes it.
fn template(path: &str) -> Option<PathTemplate> {
    let path = Win32Path::parse(path).ok()?;
    let profile = Win32Path::parse(PROFILE).ok()?;
    let text = match path.below(&profile) {
        Some(names) => format!("{PROFILE_TOKEN}\\{}", names.join("\\")),
        None => path.as_str().to_owned(),
    };
    PathTemplate::parse(&text).ok()
}

/// A version as a manifest can have it.
fn version(text: &str) -> Option<PackageVersion> {
    PackageVersion::parse(&text.trim().replace(' ', "-")).ok()
}

#[cfg(test)]
mod tests {
    use ctnr_model::ContainerName;
    use ctnr_model::container::{Bitness, RuntimeReference};

    use super::*;

    fn shortcut(target: &str, arguments: &str) -> Shortcut {
        Shortcut {
            target: target.to_owned(),
            arguments: arguments.to_owned(),
            ..Shortcut::default()
        }
    }

    #[test]
    fn shortcuts_become_entry_points() {
        let shortcuts = vec![
            (
                "My App!".to_owned(),
                shortcut(r"C:\A\a.exe", r#"-x "b c" 5%"#),
            ),
            ("Uninstall".to_owned(), shortcut(r"C:\A\uninstall.exe", "")),
            ("Readme".to_owned(), shortcut(r"C:\A\readme.txt", "")),
            ("my app".to_owned(), shortcut(r"C:\users\user\b.exe", "")),
        ];
        let found = programs(shortcuts, &Delta::default(), vec![r"C:\A\a.exe".to_owned()]);
        let names: Vec<&str> = found.iter().map(|program| program.name.as_str()).collect();
        assert_eq!(names, ["my-app", "my-app-2"]);
        let empty = Manifest::empty(
            ContainerName::parse("my-app").unwrap(),
            Bitness::X64,
            RuntimeReference::parse("wine:latest").unwrap(),
        );
        let product = Product {
            name: "My App".to_owned(),
            version: Some("1.0 beta".to_owned()),
            publisher: Some("Us".to_owned()),
            ..Product::default()
        };
        let manifest = describe(empty, &[product], &found, &Delta::default());
        let text = manifest.to_toml().unwrap();
        assert_eq!(Manifest::parse(&text).unwrap(), manifest);
        assert_eq!(manifest.version.as_str(), "1.0-beta");
        assert_eq!(manifest.default_entry().unwrap().name.as_str(), "my-app");
        assert_eq!(manifest.entries[0].args.len(), 3);
        assert_eq!(
            manifest.entries[1].program.to_string(),
            r"%UserProfile%\b.exe"
        );
    }
}
