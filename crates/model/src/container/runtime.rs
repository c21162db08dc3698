//! The runtime that a container's programs run on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::invalid::string_conversions;
use crate::{Digest, ImageReference, Invalid};

/// Which runtime a manifest asks for: an image by its name, or exactly one by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RuntimeReference {
    /// The image of this name (`wine:10`), whichever that is when the container is made.
    Image(ImageReference),
    /// The image of this digest.
    Digest(Digest),
}

impl RuntimeReference {
    /// Reads a digest or a name.
    ///
    /// # Errors
    /// [`Invalid`] for what is neither.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match Digest::parse(text) {
            Ok(digest) => Ok(Self::Digest(digest)),
            Err(error) if text.starts_with("sha256:") || text.starts_with("sha512:") => Err(error),
            Err(_) => ImageReference::parse(text).map(Self::Image),
        }
    }
}

impl fmt::Display for RuntimeReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => f.write_str(&image.familiar()),
            Self::Digest(digest) => fmt::Display::fmt(digest, f),
        }
    }
}

string_conversions!(RuntimeReference);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_and_names_are_told_apart() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for text in ["wine:10", "localhost:5000/wine:10", digest.as_str()] {
            assert_eq!(RuntimeReference::parse(text).unwrap().to_string(), text);
        }
        assert!(matches!(
            RuntimeReference::parse(&digest),
            Ok(RuntimeReference::Digest(_))
        ));
        assert!(RuntimeReference::parse("sha256:abc").is_err());
        assert!(RuntimeReference::parse("").is_err());
    }
}
