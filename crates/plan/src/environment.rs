//! Values in the place of tokens.

use std::collections::BTreeMap;

use ctnr_model::Invalid;
use ctnr_model::container::{
    Environment, EnvironmentFault, EnvironmentName, KnownFolder, TextPart, TextTemplate, fold,
    settle,
};

use crate::PlanError;
use crate::folders::Folders;

/// The variables of a container, by their folded names.
pub(crate) struct Values<'a> {
    folders: &'a Folders<'a>,
    values: BTreeMap<String, String>,
}

impl<'a> Values<'a> {
    /// The runtime's variables with those of the manifest over them.
    ///
    /// # Errors
    /// [`PlanError`] for variables in a circle, unknown ones, and values that get too long.
    pub(crate) fn new(
        environment: &Environment,
        folders: &'a Folders<'a>,
        user: &str,
    ) -> Result<Self, PlanError> {
        let values = runtime(folders, user).map_err(|invalid| PlanError::Path {
            field: "environment".to_owned(),
            invalid,
        })?;
        let mut all = Self { folders, values };
        let order =
            settle(environment).map_err(|(name, fault)| PlanError::Environment { name, fault })?;
        for name in order {
            let value = all.expand(&environment[name], || format!("environment.{name}"))?;
            all.values.insert(name.folded().to_owned(), value);
        }
        Ok(all)
    }

    /// The values of a manifest's variables.
    pub(crate) fn of(&self, environment: &Environment) -> BTreeMap<EnvironmentName, String> {
        environment
            .keys()
            .filter_map(|name| Some((name.clone(), self.values.get(name.folded())?.clone())))
            .collect()
    }

    /// A text that stands in a field of the manifest, with values in the place of tokens.
    ///
    /// # Errors
    /// [`PlanError`] for a text that gets too long, and for an unknown variable.
    pub(crate) fn expand(
        &self,
        template: &TextTemplate,
        field: impl Fn() -> String,
    ) -> Result<String, PlanError> {
        let limit = TextTemplate::MAX_LEN;
        let mut text = String::new();
        for part in template.parts() {
            match part {
                TextPart::Literal(literal) => text.push_str(literal),
                TextPart::Folder(folder) => text.push_str(
                    self.folders
                        .place(*folder)
                        .map_err(|invalid| PlanError::Path {
                            field: field(),
                            invalid,
                        })?
                        .as_str(),
                ),
                TextPart::Variable(name) => {
                    let value = self.values.get(&fold(name)).ok_or_else(|| {
                        let fault = EnvironmentFault::Unknown(name.clone());
                        PlanError::Unsupported {
                            field: field(),
                            reason: fault.to_string(),
                        }
                    })?;
                    text.push_str(value);
                }
            }
            if text.len() > limit * 3 {
                return Err(PlanError::TooLong {
                    field: field(),
                    limit,
                });
            }
        }
        if text.encode_utf16().count() > limit {
            return Err(PlanError::TooLong {
                field: field(),
                limit,
            });
        }
        Ok(text)
    }
}

/// What the runtime sets itself (`ctnr_model::container::RUNTIME_VARIABLES`).
fn runtime(folders: &Folders<'_>, user: &str) -> Result<BTreeMap<String, String>, Invalid> {
    let windows = folders.place(KnownFolder::Windows)?;
    let system = folders.place(KnownFolder::System)?;
    let profile = folders.place(KnownFolder::UserProfile)?;
    let text = |text: &str| text.to_owned();
    let values = [
        (
            "ALLUSERSPROFILE",
            folders.place(KnownFolder::ProgramData)?.to_string(),
        ),
        ("COMSPEC", format!(r"{system}\cmd.exe")),
        ("HOMEDRIVE", format!("{}:", profile.drive())),
        ("HOMEPATH", profile.as_str()[2..].to_owned()),
        ("OS", text("Windows_NT")),
        ("PATH", format!(r"{system};{windows};{system}\wbem")),
        ("PATHEXT", text(".COM;.EXE;.BAT;.CMD;.VBS;.JS;.WSF;.MSC")),
        ("SYSTEMROOT", windows.to_string()),
        ("TMP", folders.place(KnownFolder::Temp)?.to_string()),
        ("USERNAME", text(user)),
        ("WINDIR", windows.to_string()),
    ];
    Ok(values
        .into_iter()
        .map(|(name, value)| (text(name), value))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ctnr_model::container::{Bitness, RUNTIME_VARIABLES};

    fn values(variables: &[(&str, &str)]) -> Result<BTreeMap<EnvironmentName, String>, PlanError> {
        let environment: Environment = variables
            .iter()
            .map(|(name, value)| {
                (
                    EnvironmentName::parse(name).unwrap(),
                    TextTemplate::parse(value).unwrap(),
                )
            })
            .collect();
        let folders = Folders::new(Bitness::X64, "u", None)?;
        Ok(Values::new(&environment, &folders, "u")?.of(&environment))
    }

    #[test]
    fn the_runtime_sets_what_a_manifest_may_refer_to() {
        let folders = Folders::new(Bitness::X64, "u", None).unwrap();
        let set = runtime(&folders, "u").unwrap();
        assert_eq!(set.keys().collect::<Vec<_>>(), RUNTIME_VARIABLES);
    }

    #[test]
    fn tokens_get_values() {
        let values = values(&[
            ("Path", r"%ProgramFiles%\7-Zip;%PATH%"),
            ("APP_HOME", r"%AppData%\App"),
            ("APP_DATA", r"%app_home%\data at 100%%"),
        ])
        .unwrap();
        let value = |name| values[&EnvironmentName::parse(name).unwrap()].as_str();
        assert_eq!(
            value("PATH"),
            r"C:\Program Files\7-Zip;C:\windows\system32;C:\windows;C:\windows\system32\wbem"
        );
        assert_eq!(
            value("APP_DATA"),
            r"C:\users\u\AppData\Roaming\App\data at 100%"
        );
    }

    #[test]
    fn a_value_that_doubles_again_and_again_is_refused() {
        let variables: Vec<(String, String)> = (0..64)
            .map(|n| {
                (
                    format!("V{n:02}"),
                    format!("%V{:02}%%V{:02}%", n + 1, n + 1),
                )
            })
            .chain([("V64".to_owned(), "lol".to_owned())])
            .collect();
        let variables: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert!(matches!(values(&variables), Err(PlanError::TooLong { .. })));
    }
}
