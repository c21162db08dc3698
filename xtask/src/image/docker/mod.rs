//! Giving an image to Docker, or to a Podman that answers on Docker's socket.

mod http;

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::recipe::LABEL;
use http::Answer;

/// A Docker that answers.
pub(super) struct Docker {
    socket: PathBuf,
}

/// What stands under a tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tagged {
    /// Nothing.
    Absent,
    /// An image from a recipe: its hash and Docker's id.
    Ours { hash: String, id: String },
    /// An image that was not made here.
    Foreign,
}

impl Docker {
    /// The Docker of `DOCKER_HOST`, or of the usual socket, where one answers.
    ///
    /// # Errors
    /// Where `DOCKER_HOST` names something else than a Unix socket.
    pub(super) fn find() -> Result<Option<Self>> {
        let socket = match std::env::var("DOCKER_HOST") {
            Ok(host) if !host.is_empty() => match host.strip_prefix("unix://") {
                Some(path) => PathBuf::from(path),
                None => bail!("DOCKER_HOST is {host}: images go to a unix:// socket only"),
            },
            _ => PathBuf::from("/var/run/docker.sock"),
        };
        let answers = http::send(&socket, "GET", "/_ping").is_ok_and(|answer| answer.status == 200);
        Ok(answers.then_some(Self { socket }))
    }

    /// What stands under `reference`.
    pub(super) fn tagged(&self, reference: &str) -> Result<Tagged> {
        let answer = self.send("GET", &format!("/images/{reference}/json"))?;
        match answer.status {
            200 => read_tagged(&answer.body),
            404 => Ok(Tagged::Absent),
            _ => bail!("Docker can't say what {reference} is: {}", said(&answer)),
        }
    }

    /// Loads the archive that `write` writes.
    pub(super) fn load(&self, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
        let answer = http::upload(&self.socket, "/images/load?quiet=1", write)
            .with_context(|| format!("cannot send the image to Docker at {:?}", self.socket))?;
        if answer.status != 200 {
            bail!("Docker refused the image: {}", said(&answer));
        }
        // Docker starts to answer before it has read the image, and reports what goes wrong then
        // as one of the JSON documents of the body.
        let documents = serde_json::Deserializer::from_slice(&answer.body).into_iter::<Value>();
        for document in documents.flatten() {
            if let Some(error) = document["error"].as_str() {
                bail!("Docker refused the image: {error}");
            }
        }
        Ok(())
    }

    /// Removes an image that nothing uses; one in use stays.
    pub(super) fn remove_unused(&self, id: &str) -> Result<()> {
        let answer = self.send("DELETE", &format!("/images/{id}"))?;
        match answer.status {
            200 | 404 | 409 => Ok(()),
            _ => bail!("Docker can't remove {id}: {}", said(&answer)),
        }
    }

    fn send(&self, method: &str, target: &str) -> Result<Answer> {
        http::send(&self.socket, method, target)
            .with_context(|| format!("cannot ask Docker at {:?}", self.socket))
    }
}

fn read_tagged(body: &[u8]) -> Result<Tagged> {
    let image: Value = serde_json::from_slice(body).context("Docker's answer is not JSON")?;
    let id = image["Id"]
        .as_str()
        .context("Docker's answer has no image id")?
        .to_owned();
    Ok(match image["Config"]["Labels"][LABEL].as_str() {
        Some(hash) => Tagged::Ours {
            hash: hash.to_owned(),
            id,
        },
        None => Tagged::Foreign,
    })
}

/// The message of an error answer.
fn said(answer: &Answer) -> String {
    let message = serde_json::from_slice::<Value>(&answer.body).ok();
    let message = message.and_then(|value| value["message"].as_str().map(str::to_owned));
    let text = message.unwrap_or_else(|| String::from_utf8_lossy(&answer.body).into_owned());
    format!("{} (HTTP status {})", text.trim(), answer.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_from_elsewhere_are_told_apart() {
        let ours = br#"{"Id":"sha256:1","Config":{"Labels":{"dev.ctnr.recipe":"abc"}}}"#;
        let expected = Tagged::Ours {
            hash: "abc".into(),
            id: "sha256:1".into(),
        };
        assert_eq!(read_tagged(ours).expect("readable"), expected);
        for foreign in [r#"{"Id":"1","Config":{"Labels":null}}"#, r#"{"Id":"1"}"#] {
            assert_eq!(
                read_tagged(foreign.as_bytes()).expect("readable"),
                Tagged::Foreign
            );
        }
        read_tagged(b"{}").expect_err("there is no id");
    }
}
