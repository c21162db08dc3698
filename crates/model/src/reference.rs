//! Names of images.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::invalid::string_conversions;
use crate::{Digest, Invalid};

/// The registry that a name without one means.
const DEFAULT_REGISTRY: &str = "docker.io";
/// The repository prefix that a one-word name on the default registry means.
const OFFICIAL: &str = "library/";
/// The tag that a name without one means.
const DEFAULT_TAG: &str = "latest";

/// A full image name: registry, repository, and a tag, a digest, or both
/// (the grammar of `distribution/reference`).
///
/// `nextjs-docker:latest` means `docker.io/library/nextjs-docker:latest`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageReference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl ImageReference {
    /// Reads a name as Docker does, filling in what is left out.
    ///
    /// # Errors
    /// [`Invalid`] with what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |expected: &str| Invalid::new("image reference", text, expected);
        if text.is_empty() || text.len() > 512 {
            return Err(invalid("expected a name like nextjs-docker:latest"));
        }
        let (rest, digest) = match text.split_once('@') {
            None => (text, None),
            Some((rest, digest)) => (rest, Some(Digest::parse(digest)?)),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag.to_owned())),
            _ => (rest, None),
        };
        if tag.as_deref().is_some_and(|tag| !is_tag(tag)) {
            return Err(invalid(
                "a tag has up to 128 letters, digits, '_', '.' and '-'",
            ));
        }
        let (registry, repository) = match name.split_once('/') {
            Some((first, rest))
                if first.contains(['.', ':']) || first == "localhost" || has_upper(first) =>
            {
                (first, rest.to_owned())
            }
            _ => (DEFAULT_REGISTRY, name.to_owned()),
        };
        let registry = match registry {
            "index.docker.io" | "registry-1.docker.io" => DEFAULT_REGISTRY,
            registry => registry,
        };
        let repository = if registry == DEFAULT_REGISTRY && !repository.contains('/') {
            format!("{OFFICIAL}{repository}")
        } else {
            repository
        };
        if !is_registry(registry) {
            return Err(invalid("a registry is a host name with an optional port"));
        }
        if !repository.split('/').all(is_component) {
            return Err(invalid(
                "a repository has lower-case letters, digits and single '.', '_' or '-' between them",
            ));
        }
        let tag = match (&tag, &digest) {
            (None, None) => Some(DEFAULT_TAG.to_owned()),
            _ => tag,
        };
        Ok(Self {
            registry: registry.to_owned(),
            repository,
            tag,
            digest,
        })
    }

    /// The registry's host name, with its port where it has one.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository below the registry: `library/busybox`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag; `None` only where there is a digest.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest of the manifest or index.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// As people write it: without what Docker fills in (`nextjs-docker:latest`).
    pub fn familiar(&self) -> String {
        let name = if self.registry == DEFAULT_REGISTRY {
            self.repository
                .strip_prefix(OFFICIAL)
                .unwrap_or(&self.repository)
                .to_owned()
        } else {
            format!("{}/{}", self.registry, self.repository)
        };
        self.with_suffix(name)
    }

    fn with_suffix(&self, mut name: String) -> String {
        if let Some(tag) = &self.tag {
            name.push(':');
            name.push_str(tag);
        }
        if let Some(digest) = &self.digest {
            name.push('@');
            name.push_str(&digest.to_string());
        }
        name
    }
}

fn has_upper(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_tag(tag: &str) -> bool {
    let mut bytes = tag.bytes();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= 128
        && bytes.next().is_some_and(word)
        && bytes.all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_registry(registry: &str) -> bool {
    let (host, port) = match registry.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') => (host, Some(port)),
        _ => (registry, None),
    };
    let host_ok = if let Some(rest) = host.strip_prefix('[') {
        rest.strip_suffix(']')
            .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
    } else {
        !host.is_empty()
            && host.split('.').all(|label| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            })
    };
    host_ok && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// A path component: runs of lower-case letters and digits, joined by `.`, `_`, `__` or dashes.
fn is_component(component: &str) -> bool {
    let alnum = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = component.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    alnum(first)
        && alnum(last)
        && component
            .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            .all(|separator| {
                matches!(separator, "" | "." | "_" | "__")
                    || separator.bytes().all(|byte| byte == b'-')
            })
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with_suffix(format!("{}/{}", self.registry, self.repository)))
    }
}

impl fmt::Debug for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

string_conversions!(ImageReference);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_in_as_docker_does() {
        let hex = "ab".repeat(32);
        for (text, full, familiar) in [
            (
                "busybox",
                "docker.io/library/busybox:latest",
                "busybox:latest",
            ),
            (
                "nextjs-docker:latest",
                "docker.io/library/nextjs-docker:latest",
                "nextjs-docker:latest",
            ),
            (
                "library/busybox:1",
                "docker.io/library/busybox:1",
                "busybox:1",
            ),
            (
                "docker.io/library/x",
                "docker.io/library/x:latest",
                "x:latest",
            ),
            ("me/app", "docker.io/me/app:latest", "me/app:latest"),
            (
                "localhost:5000/a/b:v1",
                "localhost:5000/a/b:v1",
                "localhost:5000/a/b:v1",
            ),
            (
                "127.0.0.1:5000/a",
                "127.0.0.1:5000/a:latest",
                "127.0.0.1:5000/a:latest",
            ),
            (
                &format!("ghcr.io/a/b@sha256:{hex}"),
                &format!("ghcr.io/a/b@sha256:{hex}"),
                &format!("ghcr.io/a/b@sha256:{hex}"),
            ),
        ] {
            let reference = ImageReference::parse(text).unwrap();
            assert_eq!(reference.to_string(), full);
            assert_eq!(reference.familiar(), familiar);
            assert_eq!(ImageReference::parse(full).unwrap(), reference);
        }
    }

    #[test]
    fn refuses_bad_names() {
        for text in [
            "",
            "Busybox",
            "../etc",
            "a/../b",
            "a//b",
            "a:",
            "a:b c",
            "a@sha256:00",
            "-a",
            "a-",
            "a..b",
            "http://a/b",
            "exa mple.com/a",
            "/a",
            "a/",
        ] {
            assert!(ImageReference::parse(text).is_err(), "{text}");
        }
    }
}
