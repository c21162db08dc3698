//! Names and passwords for registries, as `docker login` keeps them
//! (docker/cli, `docs/reference/commandline/login.md`).

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;

use crate::ImageError;

/// How long a credential helper may take.
const HELPER: Duration = Duration::from_secs(20);

/// Who a registry is asked as. Secrets are not shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Credentials {
    /// Nobody.
    #[default]
    Anonymous,
    /// A name and a password.
    Basic {
        /// The name.
        username: String,
        /// The password, or a token in its place.
        password: String,
    },
    /// A token that the registry's token server changes for another one.
    IdentityToken(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Basic { .. } => "Basic(…)",
            Self::IdentityToken(_) => "IdentityToken(…)",
        })
    }
}

/// The parts of `config.json` that matter here.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ConfigFile {
    auths: BTreeMap<String, Auth>,
    creds_store: Option<String>,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Auth {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperAnswer {
    username: String,
    secret: String,
}

impl Credentials {
    /// The file in which `docker login` keeps the credentials of the user that runs this program.
    pub fn docker_config() -> Option<PathBuf> {
        let directory = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
        let directory = directory.or_else(|| Some(std::env::home_dir()?.join(".docker")))?;
        Some(directory.join("config.json"))
    }

    /// What the file `config` (usually `~/.docker/config.json`) or the helpers that it names have
    /// for a registry; [`Credentials::Anonymous`] where there is nothing, or no file.
    ///
    /// # Errors
    /// [`ImageError::Corrupt`] for a file that can't be read as such, [`ImageError::Registry`] for
    /// a helper that fails.
    pub async fn read(config: &Path, registry: &str) -> Result<Self, ImageError> {
        let bytes = match tokio::fs::read(config).await {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::Anonymous);
            }
            Err(error) => return Err(ImageError::io("read", config, error)),
        };
        let what = || format!("the credentials file {}", config.display());
        let file: ConfigFile = serde_json::from_slice(&bytes).map_err(|error| {
            // The error's text may repeat a secret.
            ImageError::corrupt(
                what(),
                format!("not the JSON of docker login, line {}", error.line()),
            )
        })?;
        let helper = entry(&file.cred_helpers, registry).or(file.creds_store.as_ref());
        if let Some(helper) = helper
            && let Some(found) = ask(helper, registry).await?
        {
            return Ok(found);
        }
        let Some(auth) = entry(&file.auths, registry) else {
            return Ok(Self::Anonymous);
        };
        auth.credentials().ok_or_else(|| {
            let reason = format!("its entry for {registry} has no name and password");
            ImageError::corrupt(what(), reason)
        })
    }
}

impl Auth {
    fn credentials(&self) -> Option<Credentials> {
        if let Some(token) = self
            .identitytoken
            .as_ref()
            .filter(|token| !token.is_empty())
        {
            return Some(Credentials::IdentityToken(token.clone()));
        }
        if let (Some(username), Some(password)) = (&self.username, &self.password) {
            let (username, password) = (username.clone(), password.clone());
            return Some(Credentials::Basic { username, password });
        }
        // An entry without anything marks that a helper has it.
        let Some(auth) = self.auth.as_ref().filter(|auth| !auth.is_empty()) else {
            return Some(Credentials::Anonymous);
        };
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(auth.trim())
            .ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (username, password) = text.split_once(':')?;
        let password = password.trim_end_matches('\0').to_owned();
        Some(Credentials::Basic {
            username: username.to_owned(),
            password,
        })
    }
}

/// The entry whose key means the registry, however it is written: with a scheme, or a path behind.
fn entry<'a, T>(entries: &'a BTreeMap<String, T>, registry: &str) -> Option<&'a T> {
    entries.get(registry).or_else(|| {
        entries
            .iter()
            .find(|(key, _)| normalized(key) == registry)
            .map(|(_, value)| value)
    })
}

fn normalized(key: &str) -> &str {
    let key = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    match key.split('/').next().unwrap_or(key) {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        host => host,
    }
}

/// Asks a helper program; nothing where it has nothing.
async fn ask(helper: &str, registry: &str) -> Result<Option<Credentials>, ImageError> {
    let fail = |problem: String| ImageError::Registry {
        registry: registry.to_owned(),
        problem,
    };
    let is_name = !helper.is_empty()
        && helper
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if !is_name {
        return Err(fail(format!(
            "the credential helper's name {helper:?} is not one"
        )));
    }
    let program = format!("docker-credential-{helper}");
    let server = if registry == "docker.io" {
        "https://index.docker.io/v1/"
    } else {
        registry
    };
    let run = async {
        let mut child = tokio::process::Command::new(&program)
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(server.as_bytes()).await?;
        }
        child.wait_with_output().await
    };
    let output = match tokio::time::timeout(HELPER, run).await {
        Err(_) => {
            return Err(fail(format!(
                "{program} did not answer for {} s",
                HELPER.as_secs()
            )));
        }
        Ok(Err(error)) => return Err(fail(format!("{program} can't be run: {error}"))),
        Ok(Ok(output)) => output,
    };
    if !output.status.success() {
        let answer = String::from_utf8_lossy(&output.stdout);
        if answer.contains("credentials not found") {
            return Ok(None);
        }
        return Err(fail(format!("{program} ended with {}", output.status)));
    }
    let answer: HelperAnswer = serde_json::from_slice(&output.stdout).map_err(|_| {
        fail(format!(
            "{program} answered something else than credentials"
        ))
    })?;
    Ok(Some(match answer.username.as_str() {
        "<token>" => Credentials::IdentityToken(answer.secret),
        _ => Credentials::Basic {
            username: answer.username,
            password: answer.secret,
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(json: &str, registry: &str) -> Result<Credentials, ImageError> {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("config.json");
        std::fs::write(&path, json).unwrap();
        Credentials::read(&path, registry).await
    }

    fn basic(username: &str, password: &str) -> Credentials {
        Credentials::Basic {
            username: username.to_owned(),
            password: password.to_owned(),
        }
    }

    #[tokio::test]
    async fn entries_are_found_however_written() {
        // "bWU6c2VjcmV0" is "me:secret".
        let json = r#"{"auths":{
            "https://index.docker.io/v1/":{"auth":"bWU6c2VjcmV0"},
            "example.com:5000":{"username":"u","password":"p"},
            "https://ghcr.io":{"identitytoken":"t"},
            "helper.example.com":{}}}"#;
        assert_eq!(
            read(json, "docker.io").await.unwrap(),
            basic("me", "secret")
        );
        assert_eq!(
            read(json, "example.com:5000").await.unwrap(),
            basic("u", "p")
        );
        let token = Credentials::IdentityToken("t".to_owned());
        assert_eq!(read(json, "ghcr.io").await.unwrap(), token);
        for registry in ["helper.example.com", "example.com", "io"] {
            assert_eq!(read(json, registry).await.unwrap(), Credentials::Anonymous);
        }
    }

    #[tokio::test]
    async fn bad_files_are_refused_without_repeating_them() {
        for json in [
            r#"{"auths":"hunter2"}"#,
            r#"{"auths":{"a.b":{"auth":"aHVudGVyMg=="}}}"#,
        ] {
            let error = read(json, "a.b").await.unwrap_err().to_string();
            assert!(
                error.contains("config.json") && !error.contains("hunter2"),
                "{error}"
            );
        }
        let missing = Credentials::read(Path::new("/nonexistent/config.json"), "a.b").await;
        assert_eq!(missing.unwrap(), Credentials::Anonymous);
        assert_eq!(format!("{:?}", basic("u", "p")), "Basic(…)");
    }

    #[tokio::test]
    async fn helpers_are_programs_by_name_only() {
        let error = read(r#"{"credsStore":"../../bin/sh"}"#, "a.b")
            .await
            .unwrap_err();
        assert!(error.to_string().contains("is not one"), "{error}");
        let error = read(r#"{"credHelpers":{"a.b":"ctnr-test-none"}}"#, "a.b")
            .await
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("docker-credential-ctnr-test-none"),
            "{error}"
        );
    }
}
