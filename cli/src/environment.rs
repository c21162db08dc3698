//! `-e` and `--env-file`, as Docker reads them.

use std::path::PathBuf;

use ctnr_model::EnvVar;

use crate::error::{CliError, Result};

/// The environment of a program in a sandbox.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct EnvironmentArgs {
    /// Set an environment variable; NAME alone takes its value from here
    #[arg(long, short = 'e', value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// Set the variables of a file, one NAME=VALUE a line, # for comments
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
}

impl EnvironmentArgs {
    /// The variables: those of the files first, so that `-e` wins.
    pub(crate) fn read(&self) -> Result<Vec<EnvVar>> {
        let mut variables = Vec::new();
        for path in &self.env_file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| CliError::local("reading", path.display().to_string(), error))?;
            for line in text.lines() {
                let line = line.trim_start();
                if !line.is_empty() && !line.starts_with('#') {
                    variables.extend(variable(line)?);
                }
            }
        }
        for text in &self.env {
            variables.extend(variable(text)?);
        }
        Ok(variables)
    }
}

/// One variable; `None` for a name that has no value here.
fn variable(text: &str) -> Result<Option<EnvVar>> {
    if text.contains('=') {
        return Ok(Some(EnvVar::parse(text)?));
    }
    match std::env::var(text) {
        Ok(value) => Ok(Some(EnvVar::new(text, &value)?)),
        Err(std::env::VarError::NotPresent) => {
            // A name that can't be one is refused even where it is not set.
            EnvVar::new(text, "")?;
            Ok(None)
        }
        Err(std::env::VarError::NotUnicode(_)) => Err(CliError::Usage(format!(
            "the value of {text} is not UTF-8, which the API can't carry"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn files_come_first_and_comments_are_passed_over() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "# a comment\n\nA=1\n  B=x y=z \nNOT_SET_ANYWHERE").unwrap();
        let args = EnvironmentArgs {
            env: vec!["A=2".to_owned()],
            env_file: vec![file.path().to_owned()],
        };
        let shown: Vec<String> = args
            .read()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(shown, ["A=1", "B=x y=z ", "A=2"]);
    }

    #[test]
    fn bad_names_are_refused() {
        assert!(variable("=x").is_err());
        assert!(variable("").is_err());
    }
}
