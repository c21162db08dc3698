//! Images, built by hand: nothing of the product checks what goes into them.

use std::fs;
use std::sync::OnceLock;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::tarball::{Item, tar};
use crate::{command, sh};

/// An image.
#[derive(Debug, Clone)]
pub struct Image {
    name: String,
    config: Value,
    layers: Vec<Vec<u8>>,
}

/// `busybox:latest`, from the host's static busybox.
pub fn busybox() -> Image {
    Image::scratch("busybox:latest").layer(busybox_items())
}

impl Image {
    /// An image without layers.
    pub fn scratch(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            config: json!({
                "Cmd": ["sh"],
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            }),
            layers: Vec::new(),
        }
    }

    /// An image of busybox and one more layer.
    pub fn hostile(name: &str, items: &[Item]) -> Self {
        busybox().named(name).layer(items)
    }

    /// Under another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// With one more layer.
    #[must_use]
    pub fn layer(mut self, items: &[Item]) -> Self {
        self.layers.push(tar(items));
        self
    }

    /// With a field of its configuration.
    #[must_use]
    pub fn config(mut self, field: &str, value: Value) -> Self {
        self.config[field] = value;
        self
    }

    /// Its layers, as plain tars.
    pub fn layers(&self) -> &[Vec<u8>] {
        &self.layers
    }

    /// What `docker save` writes.
    pub fn archive(&self) -> Vec<u8> {
        let config = json!({
            "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
            "os": "linux",
            "created": "2024-01-02T03:04:05Z",
            "config": self.config,
            "rootfs": {
                "type": "layers",
                "diff_ids": self.layers.iter()
                    .map(|layer| format!("sha256:{}", hex(layer)))
                    .collect::<Vec<_>>(),
            },
        })
        .to_string();
        let config_name = format!("{}.json", hex(config.as_bytes()));
        let names: Vec<String> = (0..self.layers.len())
            .map(|layer| format!("{layer}/layer.tar"))
            .collect();
        let manifest = json!([
            { "Config": config_name, "RepoTags": [self.name], "Layers": names }
        ]);
        let mut items = vec![Item::file(&config_name, &config)];
        for (name, layer) in names.iter().zip(&self.layers) {
            items.push(Item::file(name, layer));
        }
        items.push(Item::file("manifest.json", manifest.to_string()));
        tar(&items)
    }
}

/// The files of busybox: the program, a link an applet, and the few files that programs expect.
fn busybox_items() -> &'static [Item] {
    static ITEMS: OnceLock<Vec<Item>> = OnceLock::new();
    ITEMS.get_or_init(|| {
        let path = sh("command -v busybox").ok();
        let program = fs::read(path.trim()).expect("busybox is installed: run `cargo xtask test`");
        let list = command::run(std::process::Command::new(path.trim()).arg("--list")).ok();
        let mut items: Vec<Item> = ["bin", "dev", "etc", "home", "proc", "root", "sys", "var"]
            .map(Item::directory)
            .into();
        items.push(Item::directory("tmp").mode(0o1777));
        items.push(Item::file(
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home:/bin/sh\n",
        ));
        items.push(Item::file("etc/group", "root:x:0:\nuser:x:1000:\n"));
        items.push(Item::program("bin/busybox", program));
        let applets = list.lines().filter(|applet| *applet != "busybox");
        items
            .extend(applets.map(|applet| Item::hard_link(&format!("bin/{applet}"), "bin/busybox")));
        items
    })
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
