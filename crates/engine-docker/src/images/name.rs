//! Names of images in requests to the daemon. They become part of a URL's path, so only what is
//! a name or an id gets there.

use ctnr_engine::{EngineError, Result};
use ctnr_model::{Digest, ImageReference, Invalid};

/// The daemon's form of a name that the user wrote: an id, the start of one, or a reference.
pub(super) fn check(name: &str) -> Result<String> {
    let hex = name.strip_prefix("sha256:").unwrap_or(name);
    let is_id = (4..=64).contains(&hex.len())
        && hex
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_id {
        // The daemon tries a name before it takes it for the start of an id.
        return Ok(name.to_owned());
    }
    Ok(of(&ImageReference::parse(name)?))
}

/// The daemon's form of a reference.
pub(crate) fn of(reference: &ImageReference) -> String {
    reference.familiar()
}

/// Repository and tag, as pulls and tags take them; the tag may be a digest.
pub(super) fn split(reference: &ImageReference) -> Result<(String, String)> {
    if reference.digest().is_some() {
        return Err(Invalid::new(
            "image name",
            &reference.familiar(),
            "expected a name with a tag and without a digest",
        )
        .into());
    }
    let familiar = reference.familiar();
    let tag = reference.tag().unwrap_or("latest").to_owned();
    let repo = familiar
        .strip_suffix(&format!(":{tag}"))
        .unwrap_or(&familiar)
        .to_owned();
    Ok((repo, tag))
}

/// Turns the daemon's "no such image" into the error that names it.
pub(super) fn found<T>(name: &str, result: Result<T>) -> Result<T> {
    match result {
        Err(EngineError::Internal { cause, .. })
            if cause.to_ascii_lowercase().contains("no such image")
                || cause.contains("does not exist")
                || cause.contains("not found") =>
        {
            Err(EngineError::ImageNotFound {
                reference: name.to_owned(),
            })
        }
        result => result,
    }
}

/// A digest that the daemon wrote, with or without its algorithm.
pub(super) fn digest(text: &str) -> Option<Digest> {
    if text.contains(':') {
        Digest::parse(text).ok()
    } else {
        Digest::parse(&format!("sha256:{text}")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_and_ids_get_into_a_url() {
        assert_eq!(check("busybox").unwrap(), "busybox:latest");
        assert_eq!(check("0123abcd").unwrap(), "0123abcd");
        for bad in ["../containers/json", "a?b", "a b", "", "%2e%2e", "a#b"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn references_split() {
        let split = |text| split(&ImageReference::parse(text).unwrap());
        assert_eq!(
            split("localhost:5000/a/b:v1").unwrap(),
            ("localhost:5000/a/b".to_owned(), "v1".to_owned())
        );
        assert!(split(&format!("a@sha256:{}", "0a".repeat(32))).is_err());
    }
}
