//! What an image is made of, and the layers of it that are kept.

use std::path::{Path, PathBuf};

use anyhow::Result;
use ctnr_model::{Architecture, ImageConfig};

use crate::cache::{self, Key};
use crate::console::Step;

/// The label that marks an image as made here, with the hash of its recipe as its value.
pub(super) const LABEL: &str = "dev.ctnr.recipe";

/// Docker's default `PATH`, which every image sets for engines that have none.
pub(super) const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Writes a layer's tar to a path.
type Make = Box<dyn Fn(&Path, &Step) -> Result<()>>;

/// An image to make.
pub(super) struct Recipe {
    /// Its name and tag.
    pub(super) reference: &'static str,
    /// A further name of it in the native engine's store.
    pub(super) further: Option<&'static str>,
    /// How it runs.
    pub(super) config: ImageConfig,
    /// What stands for its hash, where somebody else makes the same image and marks it so.
    pub(super) identity: Option<String>,
    /// Its layers, from the bottom up.
    pub(super) layers: Vec<Layer>,
}

impl Recipe {
    /// The hash of all that the image depends on.
    pub(super) fn hash(&self) -> Result<String> {
        if let Some(identity) = &self.identity {
            return Ok(identity.clone());
        }
        let config = serde_json::to_vec(&self.config)?;
        let key = Key::new("image", 1)
            .with("reference", self.reference)
            .with("arch", Architecture::HOST.as_str())
            .with("config", config);
        Ok(self
            .layers
            .iter()
            .fold(key, |key, layer| key.with("layer", layer.key.hex()))
            .hex())
    }

    /// The configuration with the label that marks the image.
    pub(super) fn labelled_config(&self) -> Result<ImageConfig> {
        let mut config = self.config.clone();
        config.labels.insert(LABEL.into(), self.hash()?);
        Ok(config)
    }
}

/// A layer, kept in the cache under the hash of what it is made from.
pub(super) struct Layer {
    title: &'static str,
    key: Key,
    make: Make,
}

impl Layer {
    /// A layer that `make` writes to the path it is given.
    pub(super) fn new(
        title: &'static str,
        key: Key,
        make: impl Fn(&Path, &Step) -> Result<()> + 'static,
    ) -> Self {
        Self {
            title,
            key: key.with("arch", Architecture::HOST.as_str()),
            make: Box::new(make),
        }
    }

    /// The layer's tar, made when it is not in the cache.
    pub(super) fn tar(&self) -> Result<PathBuf> {
        let folder = cache::entry("layers", &self.key, |folder| {
            let step = Step::start(format!("Layer: {}", self.title));
            (self.make)(&folder.join("layer.tar"), &step)?;
            step.done();
            Ok(())
        })?;
        Ok(folder.join("layer.tar"))
    }

    /// Drops the layer from the cache.
    pub(super) fn forget(&self) -> Result<()> {
        cache::forget("layers", &self.key)
    }
}
