//! Layers that a manifest asks for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::invalid::string_conversions;
use crate::{Digest, Invalid, LayerId};

/// The name of a layer: 1 to 128 lower-case letters, digits, `_`, `.` and `-`, beginning with a
/// letter or digit.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LayerName(String);

impl LayerName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`Invalid`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let starts_well = text.as_bytes().first().is_some_and(plain);
        let goes_well = text
            .bytes()
            .all(|byte| plain(&byte) || b"_.-".contains(&byte));
        if starts_well && goes_well && text.len() <= 128 {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "layer name",
                text,
                "expected 1 to 128 lower-case letters, digits, '_', '.' or '-', beginning with a letter or digit",
            ))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

string_conversions!(LayerName);

/// Where a layer's content is found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LayerSource {
    /// The layer of this host with this id.
    Id(LayerId),
    /// The layer whose content has this digest.
    Digest(Digest),
    /// The layer that this host keeps under this name.
    Name(LayerName),
}

impl LayerSource {
    /// Reads an id, a digest or a name.
    ///
    /// # Errors
    /// [`Invalid`] for what is none of them.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.contains(':') {
            return Digest::parse(text).map(Self::Digest);
        }
        match LayerId::parse(text) {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => LayerName::parse(text).map(Self::Name),
        }
    }
}

impl fmt::Display for LayerSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => fmt::Display::fmt(id, f),
            Self::Digest(digest) => fmt::Display::fmt(digest, f),
            Self::Name(name) => fmt::Display::fmt(name, f),
        }
    }
}

string_conversions!(LayerSource);

/// A layer of a container, over the runtime and what stands before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Layer {
    /// Its name in this manifest.
    pub name: LayerName,
    /// Where its content is found; by default under its name.
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub source: LayerSource,
    /// Layers of this manifest that have to lie below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<LayerName>,
}

/// The layers as they lie on each other: in their order, but each over those that it needs.
///
/// # Errors
/// The names of layers that need each other in a circle.
pub(super) fn stack(layers: &[Layer]) -> Result<Vec<&Layer>, Vec<LayerName>> {
    let mut stacked: Vec<&Layer> = Vec::new();
    let mut waiting: Vec<&Layer> = layers.iter().collect();
    while !waiting.is_empty() {
        // A name that no layer has is told of elsewhere.
        let is_ready = |layer: &&Layer| {
            let lies = |name: &LayerName| !waiting.iter().any(|other| other.name == *name);
            layer.needs.iter().all(lies)
        };
        match waiting.iter().position(is_ready) {
            Some(index) => stacked.push(waiting.remove(index)),
            None => return Err(circle(&waiting)),
        }
    }
    Ok(stacked)
}

/// A circle among layers that each need another of them.
fn circle(waiting: &[&Layer]) -> Vec<LayerName> {
    let mut way: Vec<&Layer> = Vec::new();
    let mut at = waiting.first().copied();
    while let Some(layer) = at {
        if let Some(start) = way.iter().position(|on_way| on_way.name == layer.name) {
            let names = way[start..].iter().map(|layer| layer.name.clone());
            return names.chain([layer.name.clone()]).collect();
        }
        way.push(layer);
        let next = |other: &&Layer| layer.needs.contains(&other.name);
        at = waiting.iter().copied().find(next);
    }
    way.iter().map(|layer| layer.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(name: &str, needs: &[&str]) -> Layer {
        Layer {
            name: LayerName::parse(name).unwrap(),
            source: LayerSource::parse(name).unwrap(),
            needs: needs
                .iter()
                .map(|name| LayerName::parse(name).unwrap())
                .collect(),
        }
    }

    #[test]
    fn layers_lie_over_what_they_need() {
        let layers = [
            layer("app", &["crt", "fonts"]),
            layer("fonts", &[]),
            layer("crt", &["fonts"]),
        ];
        let stacked = stack(&layers).unwrap();
        let names: Vec<&str> = stacked.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(names, ["fonts", "crt", "app"]);
    }

    #[test]
    fn a_circle_is_named() {
        let layers = [
            layer("x", &["a"]),
            layer("a", &["b"]),
            layer("b", &["a"]),
            layer("c", &[]),
        ];
        let names: Vec<String> = stack(&layers)
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(names, ["a", "b", "a"]);
        assert!(stack(&[layer("a", &["a"])]).is_err());
    }

    #[test]
    fn sources_are_told_apart() {
        let id = "b".repeat(64);
        let digest = format!("sha256:{id}");
        assert!(matches!(LayerSource::parse(&id), Ok(LayerSource::Id(_))));
        assert!(matches!(
            LayerSource::parse(&digest),
            Ok(LayerSource::Digest(_))
        ));
        assert!(matches!(
            LayerSource::parse("vcredist-14"),
            Ok(LayerSource::Name(_))
        ));
        for bad in ["", "sha256:b", "../x", "VC", ".x", "a/b"] {
            assert!(LayerSource::parse(bad).is_err(), "{bad}");
        }
    }
}
