//! Pulling: the daemon fetches, with the user's credentials.

use bollard::auth::DockerCredentials;
use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptions;
use ctnr_engine::{EngineError, ImageDetails, ImageProgress, PullOptions, Result};
use ctnr_model::ImageReference;
use docker_credential::DockerCredential;
use futures::StreamExt;
use tokio::sync::mpsc;

use super::name;
use crate::engine::Shared;
use crate::failure;

/// The key of Docker Hub's credentials in Docker's configuration.
const HUB: &str = "https://index.docker.io/v1/";

impl Shared {
    pub(super) async fn pull_image(
        &self,
        reference: &ImageReference,
        options: &PullOptions,
        progress: mpsc::Sender<ImageProgress>,
    ) -> Result<ImageDetails> {
        let doing = format!("pulling {}", reference.familiar());
        let (from_image, tag) = match reference.digest() {
            Some(digest) => {
                let named = reference.familiar();
                let repo = named.split('@').next().unwrap_or(&named);
                let repo = reference
                    .tag()
                    .and_then(|tag| repo.strip_suffix(&format!(":{tag}")))
                    .unwrap_or(repo);
                (repo.to_owned(), digest.to_string())
            }
            None => name::split(reference)?,
        };
        let request = CreateImageOptions {
            from_image: Some(from_image),
            tag: Some(tag),
            platform: options
                .platform
                .map(|platform| platform.to_string())
                .unwrap_or_default(),
            ..CreateImageOptions::default()
        };
        let credentials = match &options.credentials {
            Some(given) => Some(DockerCredentials {
                username: Some(given.username.clone()),
                password: Some(given.password.clone()),
                serveraddress: Some(reference.registry().to_owned()),
                ..DockerCredentials::default()
            }),
            None => users_credentials(reference).await,
        };
        let mut stream = self
            .daemon
            .api()
            .create_image(Some(request), None, credentials);
        while let Some(info) = stream.next().await {
            let info = info.map_err(|error| refused(&doing, failure::failed(&doing, error)))?;
            if let Some(told) = told(info) {
                // A reader that is behind, or gone, misses numbers that the next ones replace.
                let _ = progress.try_send(told);
            }
        }
        self.image_details(&name::of(reference)).await
    }
}

fn told(info: CreateImageInfo) -> Option<ImageProgress> {
    let status = info.status?;
    let detail = info.progress_detail.unwrap_or_default();
    let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    let phase = match status.as_str() {
        "Downloading" => "downloading",
        "Extracting" => "unpacking",
        "Pull complete" | "Already exists" => "done",
        _ => return None,
    };
    Some(ImageProgress {
        subject: info.id.unwrap_or_default(),
        phase: phase.to_owned(),
        done: number(detail.current).unwrap_or(0),
        total: number(detail.total),
    })
}

/// The daemon tells a registry's refusal in words only.
fn refused(doing: &str, error: EngineError) -> EngineError {
    let text = error.to_string();
    let lower = text.to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if any(&[
        "unauthorized",
        "access denied",
        "no basic auth",
        "authentication required",
    ]) {
        EngineError::Forbidden(format!(
            "{doing}: the registry refused; sign in with `docker login`, or give credentials, and check the name ({text})"
        ))
    } else if any(&["manifest unknown", "not found", "no such image"]) {
        EngineError::ImageNotFound {
            reference: doing.strip_prefix("pulling ").unwrap_or(doing).to_owned(),
        }
    } else if any(&[
        "no such host",
        "connection refused",
        "timeout",
        "i/o",
        "eof",
        "tls",
    ]) {
        EngineError::Unavailable(format!("{doing}: the registry does not answer ({text})"))
    } else {
        error
    }
}

/// What the user's Docker configuration holds for the registry. Credential helpers are programs,
/// so this waits on another thread.
async fn users_credentials(reference: &ImageReference) -> Option<DockerCredentials> {
    let server = match reference.registry() {
        "docker.io" => HUB.to_owned(),
        registry => registry.to_owned(),
    };
    let asked = server.clone();
    let found = tokio::task::spawn_blocking(move || docker_credential::get_credential(&asked))
        .await
        .ok()?;
    match found.ok()? {
        DockerCredential::UsernamePassword(username, password) => Some(DockerCredentials {
            username: Some(username),
            password: Some(password),
            serveraddress: Some(server),
            ..DockerCredentials::default()
        }),
        DockerCredential::IdentityToken(token) => Some(DockerCredentials {
            identitytoken: Some(token),
            serveraddress: Some(server),
            ..DockerCredentials::default()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_refusals_are_told_apart() {
        let kind =
            |cause: &str| refused("pulling a:1", EngineError::internal("pulling a:1", cause));
        assert!(matches!(
            kind("unauthorized: authentication required"),
            EngineError::Forbidden(_)
        ));
        assert!(matches!(
            kind("manifest unknown: manifest unknown"),
            EngineError::ImageNotFound { reference } if reference == "a:1"
        ));
        assert!(matches!(
            kind("dial tcp 127.0.0.1:9: connect: connection refused"),
            EngineError::Unavailable(_)
        ));
    }
}
