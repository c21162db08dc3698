//! Archives of OCI image layouts.

use ctnr_model::{Digest, ImageReference, Platform};

use super::Found;
use super::staged::StagedArchive;
use crate::ImageError;
use crate::document::{Descriptor, Index, annotation};
use crate::ingest::NewImage;
use crate::limits::Limits;
use crate::platform;

/// How deep indexes may lie in indexes.
const DEPTH_MAX: usize = 4;

/// Finds the images of `index.json`.
pub(super) fn find(
    archive: &StagedArchive,
    platform: Platform,
    limits: &Limits,
) -> Result<Vec<Found>, ImageError> {
    let what = "index.json";
    let file = archive
        .file(what)
        .ok_or_else(|| ImageError::corrupt("the archive", "index.json is missing"))?;
    let index = parse(what, &StagedArchive::document(what, file, limits)?)?;
    let mut found: Vec<Found> = Vec::new();
    for descriptor in index
        .manifests
        .iter()
        .filter(|manifest| !platform::is_attestation(manifest))
    {
        let new = find_one(archive, descriptor, platform, limits)?;
        let known = found
            .iter_mut()
            .find(|known| known.image.manifest == new.image.manifest);
        match known {
            Some(known) => known.references.extend(new.references),
            None => found.push(new),
        }
    }
    if found.is_empty() {
        return Err(ImageError::corrupt("the archive", "it has no image"));
    }
    Ok(found)
}

fn parse(what: &str, bytes: &[u8]) -> Result<Index, ImageError> {
    serde_json::from_slice(bytes).map_err(|error| ImageError::corrupt(what, error.to_string()))
}

fn find_one(
    archive: &StagedArchive,
    named: &Descriptor,
    platform: Platform,
    limits: &Limits,
) -> Result<Found, ImageError> {
    let mut descriptor = named.clone();
    let mut source: Option<Digest> = None;
    for _ in 0..DEPTH_MAX {
        if !descriptor.is_index() {
            break;
        }
        let what = "an index of the archive";
        let bytes = StagedArchive::document(what, archive.blob(what, &descriptor)?, limits)?;
        source.get_or_insert(descriptor.digest);
        descriptor = platform::choose(&parse(what, &bytes)?, platform)?.clone();
    }
    if !descriptor.is_manifest() {
        return Err(ImageError::Unsupported {
            what: format!("an archive with a {:?}", descriptor.media_type),
            advice: "export the image again as an OCI image layout".to_owned(),
        });
    }
    let file = archive.blob("the manifest", &descriptor)?;
    let bytes = StagedArchive::document("the manifest", file, limits)?;
    let parsed = crate::ingest::parse_manifest(&bytes, limits)?;
    let file = archive.blob("the configuration", &parsed.config)?;
    let config = StagedArchive::document("the configuration", file, limits)?;
    let image = NewImage::new(descriptor, bytes, config, limits)?;
    let layers = image
        .layers()
        .into_iter()
        .map(|layer| {
            let path = archive.blob(&layer.label(), &layer.blob)?.path.clone();
            Ok((layer, path))
        })
        .collect::<Result<_, ImageError>>()?;
    Ok(Found {
        image,
        references: reference(named).into_iter().collect(),
        source,
        layers,
    })
}

/// The name that a layout gives an image. A bare tag, as some tools write it, names no repository
/// and is no name here.
fn reference(descriptor: &Descriptor) -> Option<ImageReference> {
    let name = |key: &str| descriptor.annotations.get(key);
    if let Some(name) = name(annotation::IMAGE_NAME) {
        return ImageReference::parse(name).ok();
    }
    let name = name(annotation::REF_NAME)?;
    let is_whole = name.contains([':', '/']);
    is_whole.then(|| ImageReference::parse(name).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::MANIFEST_TYPE;
    use crate::hash::Hasher;

    #[test]
    fn names_come_from_annotations() {
        let named = |key: &str, value: &str| {
            let mut descriptor = Descriptor::new(MANIFEST_TYPE, Hasher::sha256(b""), 0);
            descriptor
                .annotations
                .insert(key.to_owned(), value.to_owned());
            reference(&descriptor).map(|reference| reference.familiar())
        };
        let ref_name = annotation::REF_NAME;
        assert_eq!(
            named(annotation::IMAGE_NAME, "docker.io/library/a:1").unwrap(),
            "a:1"
        );
        assert_eq!(
            named(ref_name, "example.com/a:1").unwrap(),
            "example.com/a:1"
        );
        assert_eq!(named(ref_name, "latest"), None);
        assert_eq!(named(ref_name, "../x"), None);
    }
}
