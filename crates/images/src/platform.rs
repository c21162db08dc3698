//! Choosing an image out of several for different processors.

use ctnr_model::{Architecture, Platform};

use crate::ImageError;
use crate::document::{Descriptor, Index};

/// Whether an entry of an index is a note about another one (BuildKit's attestations).
pub(crate) fn is_attestation(descriptor: &Descriptor) -> bool {
    descriptor
        .annotations
        .contains_key("vnd.docker.reference.type")
        || descriptor
            .platform
            .as_ref()
            .is_some_and(|platform| platform.os == "unknown")
}

/// The entry of an index for a platform; the first where none says what it is for.
pub(crate) fn choose(index: &Index, platform: Platform) -> Result<&Descriptor, ImageError> {
    let images = || {
        index
            .manifests
            .iter()
            .filter(|manifest| !is_attestation(manifest))
    };
    let fits = |descriptor: &&Descriptor| {
        descriptor.platform.as_ref().is_some_and(|found| {
            let variant = match platform.architecture {
                Architecture::Amd64 => matches!(found.variant.as_deref(), None | Some("" | "v1")),
                Architecture::Arm64 => matches!(found.variant.as_deref(), None | Some("" | "v8")),
            };
            found.os == "linux" && found.architecture == platform.architecture.as_str() && variant
        })
    };
    let unnamed = || images().find(|manifest| manifest.platform.is_none());
    images().find(fits).or_else(unnamed).ok_or_else(|| {
        let known: Vec<String> = images()
            .filter_map(|manifest| manifest.platform.as_ref())
            .map(|platform| format!("{}/{}", platform.os, platform.architecture))
            .take(20)
            .collect();
        ImageError::Unsupported {
            what: format!(
                "this image on {platform}: it is made for {}",
                known.join(", ")
            ),
            advice: "choose another image, or build it for this platform".to_owned(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{MANIFEST_TYPE, PlatformFields};
    use crate::hash::Hasher;

    fn entry(platform: Option<(&str, &str, Option<&str>)>) -> Descriptor {
        let mut descriptor = Descriptor::new(MANIFEST_TYPE, Hasher::sha256(b""), 0);
        descriptor.platform = platform.map(|(os, architecture, variant)| PlatformFields {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.map(str::to_owned),
        });
        descriptor
    }

    #[test]
    fn the_platform_is_chosen() {
        let index = Index::new(vec![
            entry(Some(("unknown", "unknown", None))),
            entry(Some(("windows", "amd64", None))),
            entry(Some(("linux", "amd64", Some("v3")))),
            entry(Some(("linux", "arm64", Some("v8")))),
            entry(Some(("linux", "amd64", None))),
        ]);
        let choose = |text| {
            choose(&index, Platform::parse(text).unwrap())
                .unwrap()
                .clone()
        };
        assert_eq!(choose("linux/amd64"), index.manifests[4]);
        assert_eq!(choose("linux/arm64"), index.manifests[3]);
        let other = Index::new(vec![entry(Some(("linux", "s390x", None)))]);
        let error = super::choose(&other, Platform::HOST).unwrap_err();
        assert!(error.to_string().contains("linux/s390x"), "{error}");
        assert!(super::choose(&Index::new(vec![entry(None)]), Platform::HOST).is_ok());
    }
}
