//! `docker save`'s manifest from an OCI image layout's
//! (OCI image specification, "Image Layout", "Image Index", "Image Manifest").

use std::collections::HashMap;

use ctnr_model::{Architecture, Digest, ImageReference};
use serde_json::{Value, json};

/// How deep indexes may lie in indexes.
const MAX_DEPTH: usize = 4;

/// The manifest of the host's images among `files`, which are an archive's JSON files by name;
/// `None` where they are no layout.
pub(super) fn of(files: &HashMap<String, Vec<u8>>) -> Option<Vec<u8>> {
    let index = parse(files.get("index.json")?)?;
    let mut images = Vec::new();
    collect(files, &index, None, 0, &mut images);
    if images.is_empty() {
        return None;
    }
    serde_json::to_vec(&images).ok()
}

fn collect(
    files: &HashMap<String, Vec<u8>>,
    index: &Value,
    above: Option<&str>,
    depth: usize,
    images: &mut Vec<Value>,
) {
    for descriptor in index["manifests"].as_array().into_iter().flatten() {
        let own = tag(descriptor);
        let name = own.as_deref().or(above);
        let Some(content) = path(descriptor).and_then(|path| parse(files.get(&path)?)) else {
            continue;
        };
        if content["manifests"].is_array() {
            if depth < MAX_DEPTH {
                collect(files, &content, name, depth + 1, images);
            }
        } else if is_for_host(descriptor) {
            images.extend(image(&content, name));
        }
    }
}

/// An image's entry in `docker save`'s manifest.
fn image(manifest: &Value, name: Option<&str>) -> Option<Value> {
    let layers: Option<Vec<String>> = manifest["layers"].as_array()?.iter().map(path).collect();
    Some(json!({
        "Config": path(&manifest["config"])?,
        "RepoTags": name.into_iter().collect::<Vec<_>>(),
        "Layers": layers?,
    }))
}

/// The image's name. Some tools write the tag alone, which is no name.
fn tag(descriptor: &Value) -> Option<String> {
    let annotations = &descriptor["annotations"];
    [
        "io.containerd.image.name",
        "org.opencontainers.image.ref.name",
    ]
    .iter()
    .filter_map(|key| annotations[key].as_str())
    .filter(|name| name.contains([':', '/']))
    .filter_map(|name| ImageReference::parse(name).ok())
    .find(|reference| reference.digest().is_none())
    .map(|reference| reference.familiar())
}

/// Whether an image runs here. One that names no platform is taken; attestations name `unknown`.
fn is_for_host(descriptor: &Value) -> bool {
    let platform = &descriptor["platform"];
    let is = |key: &str, word: &str| platform[key].as_str().is_none_or(|value| value == word);
    is("os", "linux") && is("architecture", Architecture::HOST.as_str())
}

/// Where a blob lies in the archive; only a well-formed digest becomes a path.
fn path(descriptor: &Value) -> Option<String> {
    let digest = Digest::parse(descriptor["digest"].as_str()?).ok()?;
    Some(format!(
        "blobs/{}/{}",
        digest.algorithm().name(),
        digest.hex()
    ))
}

fn parse(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: u8) -> String {
        format!("sha256:{}", format!("{number:02x}").repeat(32))
    }

    fn blob(number: u8) -> String {
        digest(number)
            .replacen(':', "/", 1)
            .replace("sha256/", "blobs/sha256/")
    }

    #[test]
    fn the_hosts_image_is_found_below_indexes() {
        let other = match Architecture::HOST {
            Architecture::Amd64 => "arm64",
            Architecture::Arm64 => "amd64",
        };
        let files: HashMap<String, Vec<u8>> = [
            (
                "index.json".to_owned(),
                json!({"manifests": [{"digest": digest(1), "annotations": {
                    "org.opencontainers.image.ref.name": "latest",
                    "io.containerd.image.name": "docker.io/library/app:latest",
                }}]}),
            ),
            (
                blob(1),
                json!({"manifests": [
                    {"digest": digest(2), "platform": {"os": "linux", "architecture": other}},
                    {"digest": digest(3), "platform":
                        {"os": "linux", "architecture": Architecture::HOST.as_str()}},
                ]}),
            ),
            (
                blob(2),
                json!({"config": {"digest": digest(9)}, "layers": []}),
            ),
            (
                blob(3),
                json!({"config": {"digest": digest(4)}, "layers": [{"digest": digest(5)}]}),
            ),
        ]
        .into_iter()
        .map(|(name, value)| (name, value.to_string().into_bytes()))
        .collect();
        let manifest: Value = serde_json::from_slice(&of(&files).unwrap()).unwrap();
        assert_eq!(
            manifest,
            json!([{"Config": blob(4), "RepoTags": ["app:latest"], "Layers": [blob(5)]}])
        );
    }

    #[test]
    fn hostile_layouts_make_nothing() {
        for index in [
            json!({}),
            json!({"manifests": [{"digest": "sha256:../../etc/passwd"}]}),
            json!({"manifests": 7}),
        ] {
            let files = HashMap::from([("index.json".to_owned(), index.to_string().into_bytes())]);
            assert_eq!(of(&files), None);
        }
        let circle = json!({"manifests": [{"digest": digest(1)}]})
            .to_string()
            .into_bytes();
        let files = HashMap::from([("index.json".to_owned(), circle.clone()), (blob(1), circle)]);
        assert_eq!(of(&files), None);
    }
}
