//! Which program a sandbox runs, and how: the image's word joined with the user's.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::invalid::string_conversions;
use crate::{ContainerPath, HostName, ImageConfig, Invalid};

/// `PATH` where the image sets none (Docker's default).
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// An environment variable: `NAME=value`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnvVar {
    name: String,
    value: String,
}

impl EnvVar {
    /// Joins a name and a value.
    ///
    /// # Errors
    /// [`Invalid`] for an empty name, a `=` in it, or a NUL anywhere.
    pub fn new(name: &str, value: &str) -> Result<Self, Invalid> {
        if name.is_empty() || name.contains('=') || name.contains('\0') || value.contains('\0') {
            return Err(Invalid::new(
                "environment variable",
                name,
                "expected NAME=value, with a name and no NUL",
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }

    /// Reads `NAME=value`.
    ///
    /// # Errors
    /// As for [`EnvVar::new`], and where there is no `=`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text.split_once('=') {
            Some((name, value)) => Self::new(name, value),
            None => Err(Invalid::new(
                "environment variable",
                text,
                "expected NAME=value",
            )),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value.
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for EnvVar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

impl fmt::Debug for EnvVar {
    /// The value may be a secret, so only the name is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=…", self.name)
    }
}

string_conversions!(EnvVar);

/// A user, as images and requests write it: `name`, `uid`, `name:group` or `uid:gid`. Which
/// numbers a name means is read from the sandbox's own `/etc/passwd` and `/etc/group`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserSpec {
    user: String,
    group: Option<String>,
}

impl UserSpec {
    /// Reads a user. The empty text means root.
    ///
    /// # Errors
    /// [`Invalid`] for texts with odd characters, or over 256 bytes.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let (user, group) = match text.split_once(':') {
            None => (text, None),
            Some((user, group)) => (user, Some(group)),
        };
        let is_name = |name: &str| {
            !name.is_empty()
                && !name.starts_with('-')
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_.-$@".contains(&byte))
        };
        let ok = text.is_empty() || (is_name(user) && group.is_none_or(is_name));
        if !ok || text.len() > 256 {
            return Err(Invalid::new(
                "user",
                text,
                "expected a name or number, and :group if wanted",
            ));
        }
        let user = if user.is_empty() { "0" } else { user };
        Ok(Self {
            user: user.to_owned(),
            group: group.map(str::to_owned),
        })
    }

    /// The user's name or number.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The group's name or number, where one is given.
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }
}

impl fmt::Display for UserSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.user)?;
        match &self.group {
            Some(group) => write!(f, ":{group}"),
            None => Ok(()),
        }
    }
}

string_conversions!(UserSpec);

/// What a user changes of an image's process.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProcessOverrides {
    /// Instead of the image's entrypoint; an empty list clears it.
    pub entrypoint: Option<Vec<String>>,
    /// Instead of the image's command.
    pub cmd: Option<Vec<String>>,
    /// Added to the image's environment; the same name replaces.
    pub env: Vec<EnvVar>,
    /// Instead of the image's working directory.
    pub workdir: Option<ContainerPath>,
    /// Instead of the image's user.
    pub user: Option<UserSpec>,
    /// Instead of the host name that is made of the sandbox's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<HostName>,
}

/// A process, fully resolved but for user names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// The program, looked up in `PATH` where it has no slash, and its arguments. Never empty.
    pub args: Vec<String>,
    /// The whole environment.
    pub env: Vec<EnvVar>,
    /// The working directory.
    pub workdir: ContainerPath,
    /// The user.
    pub user: UserSpec,
}

/// An image and overrides that make no process.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProcessError {
    /// Neither names a program.
    #[error("no command: the image has none, so give one with cmd or entrypoint")]
    NoCommand,
    /// A text of the image or the user is not valid.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A program or argument holds a NUL.
    #[error("a command must not contain a NUL character")]
    NulInCommand,
}

impl Process {
    /// Joins an image's word with the user's, by Docker's rules: the user's entrypoint drops the
    /// image's command; environment variables replace by name and keep their place.
    ///
    /// # Errors
    /// [`ProcessError`] where no program is named or a text is not valid.
    pub fn resolve(
        image: &ImageConfig,
        overrides: &ProcessOverrides,
    ) -> Result<Self, ProcessError> {
        let entrypoint = overrides.entrypoint.as_ref().unwrap_or(&image.entrypoint);
        let cmd = match (&overrides.cmd, &overrides.entrypoint) {
            (Some(cmd), _) => cmd.as_slice(),
            (None, Some(_)) => &[],
            (None, None) => &image.cmd,
        };
        let args: Vec<String> = entrypoint.iter().chain(cmd).cloned().collect();
        if args.first().is_none_or(String::is_empty) {
            return Err(ProcessError::NoCommand);
        }
        if args.iter().any(|arg| arg.contains('\0')) {
            return Err(ProcessError::NulInCommand);
        }
        let workdir = match (&overrides.workdir, image.workdir.as_str()) {
            (Some(workdir), _) => workdir.clone(),
            (None, "") => ContainerPath::root(),
            (None, workdir) => ContainerPath::root().join(workdir)?,
        };
        let user = match &overrides.user {
            Some(user) => user.clone(),
            None => UserSpec::parse(&image.user)?,
        };
        Ok(Self {
            args,
            env: merge_env(&image.env, &overrides.env)?,
            workdir,
            user,
        })
    }
}

fn merge_env(image: &[String], overrides: &[EnvVar]) -> Result<Vec<EnvVar>, Invalid> {
    let mut env = vec![EnvVar::new("PATH", DEFAULT_PATH)?];
    let image = image
        .iter()
        .map(|text| EnvVar::parse(text))
        .collect::<Result<Vec<_>, _>>()?;
    for var in image.into_iter().chain(overrides.iter().cloned()) {
        match env.iter_mut().find(|known| known.name == var.name) {
            Some(known) => *known = var,
            None => env.push(var),
        }
    }
    Ok(env)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> ImageConfig {
        ImageConfig {
            entrypoint: vec!["bun".into()],
            cmd: vec!["run".into(), "dev".into()],
            env: vec!["NODE_ENV=development".into()],
            workdir: "/app".into(),
            ..ImageConfig::default()
        }
    }

    fn list(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn commands_follow_dockers_rules() {
        for (entrypoint, cmd, args) in [
            (None, None, &["bun", "run", "dev"][..]),
            (None, Some(&["x"][..]), &["bun", "x"][..]),
            (Some(&["sh"][..]), None, &["sh"][..]),
            (
                Some(&["sh"][..]),
                Some(&["-c", "id"][..]),
                &["sh", "-c", "id"][..],
            ),
            (Some(&[][..]), Some(&["id"][..]), &["id"][..]),
        ] {
            let overrides = ProcessOverrides {
                entrypoint: entrypoint.map(list),
                cmd: cmd.map(list),
                ..ProcessOverrides::default()
            };
            assert_eq!(Process::resolve(&image(), &overrides).unwrap().args, args);
        }
        let nothing = ProcessOverrides {
            entrypoint: Some(vec![]),
            ..ProcessOverrides::default()
        };
        assert_eq!(
            Process::resolve(&image(), &nothing),
            Err(ProcessError::NoCommand)
        );
    }

    #[test]
    fn environment_replaces_by_name() {
        let overrides = ProcessOverrides {
            env: vec![
                EnvVar::parse("NODE_ENV=test").unwrap(),
                EnvVar::parse("A=b=c").unwrap(),
            ],
            ..ProcessOverrides::default()
        };
        let process = Process::resolve(&image(), &overrides).unwrap();
        let env: Vec<String> = process.env.iter().map(ToString::to_string).collect();
        assert_eq!(env[1..], ["NODE_ENV=test", "A=b=c"]);
        assert!(env[0].starts_with("PATH="));
        assert_eq!(process.workdir.as_str(), "/app");
        assert_eq!(process.user.user(), "0");
    }

    #[test]
    fn odd_users_are_refused() {
        for bad in ["a:b:c", ":", "-x", "a b", "a\n", "a:", "../x"] {
            assert!(UserSpec::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(UserSpec::parse("node:1000").unwrap().group(), Some("1000"));
    }
}
