//! The images of the suite: Debian's static busybox and a few files, as `docker save` writes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use ctnr_model::{Architecture, ImageReference};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

use super::bench::unique;

/// `/etc/passwd` of the images.
pub(super) const PASSWD: &str =
    "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n";
const GROUP: &str = "root:x:0:\nuser:x:1000:\nextra:x:2000:user\n";
/// Names the busybox program to use instead of the installed one.
const BUSYBOX: &str = "CTNR_TEST_BUSYBOX";

/// A file of an image.
#[derive(Debug, Clone)]
pub struct ImageFile {
    /// Its path without the leading slash.
    pub path: String,
    /// Its permission bits.
    pub mode: u32,
    /// Its content.
    pub content: Vec<u8>,
}

/// An image of the suite.
#[derive(Debug, Clone)]
pub struct TestImage {
    /// Its name.
    pub tag: String,
    /// A label that makes its configuration, and so its id, its own.
    pub label: Option<String>,
    /// Files besides busybox.
    pub files: Vec<ImageFile>,
    /// Directories that its configuration calls volumes.
    pub volumes: Vec<String>,
}

impl TestImage {
    /// The image that sandboxes are made from where nothing else is said. It stays in the engine.
    pub fn base() -> Self {
        Self {
            tag: "ctnr-contract/busybox:latest".to_owned(),
            label: None,
            files: Vec::new(),
            volumes: Vec::new(),
        }
    }

    /// An image that no other test has.
    pub fn unique() -> Self {
        let name = unique();
        Self {
            tag: format!("ctnr-contract/{name}:one"),
            label: Some(name),
            files: Vec::new(),
            volumes: Vec::new(),
        }
    }

    /// Its name.
    pub fn reference(&self) -> ImageReference {
        ImageReference::parse(&self.tag).expect("a reference")
    }

    /// The archive.
    ///
    /// # Panics
    /// Where there is no busybox.
    pub fn archive(&self) -> Vec<u8> {
        let (config, layer) = self.content();
        let diff_id = hex(&layer);
        let config_name = format!("{}.json", hex(&config));
        let layer_name = format!("{diff_id}/layer.tar");
        let manifest = serde_json::json!([{
            "Config": config_name,
            "RepoTags": [self.tag],
            "Layers": [layer_name],
        }])
        .to_string();
        let mut archive = Builder::new(Vec::new());
        add(
            &mut archive,
            EntryType::Regular,
            &config_name,
            0o644,
            &config,
        );
        add(&mut archive, EntryType::Regular, &layer_name, 0o644, &layer);
        add(
            &mut archive,
            EntryType::Regular,
            "manifest.json",
            0o644,
            manifest.as_bytes(),
        );
        archive.into_inner().expect("a tar in memory")
    }

    /// The archive as an OCI image layout without anything of Docker's.
    ///
    /// # Panics
    /// Where there is no busybox.
    pub fn oci_archive(&self) -> Vec<u8> {
        const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
        const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
        const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
        let (config, layer) = self.content();
        let describe = |media_type: &str, content: &[u8]| {
            serde_json::json!({
                "mediaType": media_type,
                "digest": format!("sha256:{}", hex(content)),
                "size": content.len(),
            })
        };
        let manifest = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": describe(CONFIG, &config),
            "layers": [describe(LAYER, &layer)],
        })
        .to_string()
        .into_bytes();
        let mut descriptor = describe(MANIFEST, &manifest);
        descriptor["annotations"] =
            serde_json::json!({"org.opencontainers.image.ref.name": self.tag});
        let index = serde_json::json!({"schemaVersion": 2, "manifests": [descriptor]});
        let mut archive = Builder::new(Vec::new());
        let version = br#"{"imageLayoutVersion":"1.0.0"}"#;
        for (name, content) in [
            ("oci-layout".to_owned(), version.to_vec()),
            ("index.json".to_owned(), index.to_string().into_bytes()),
            (format!("blobs/sha256/{}", hex(&manifest)), manifest),
            (format!("blobs/sha256/{}", hex(&config)), config),
            (format!("blobs/sha256/{}", hex(&layer)), layer),
        ] {
            add(&mut archive, EntryType::Regular, &name, 0o644, &content);
        }
        archive.into_inner().expect("a tar in memory")
    }

    /// The configuration and the one layer.
    fn content(&self) -> (Vec<u8>, Vec<u8>) {
        let layer = self.layer();
        let diff_id = hex(&layer);
        let volumes: BTreeMap<_, _> = self
            .volumes
            .iter()
            .map(|at| (at, serde_json::json!({})))
            .collect();
        let config = serde_json::json!({
            "architecture": Architecture::HOST.as_str(),
            "os": "linux",
            "created": "2026-01-01T00:00:00Z",
            "config": {
                "Env": ["PATH=/bin", "FROM_IMAGE=yes"],
                "Cmd": ["sh"],
                "Volumes": volumes,
                "Labels": self.label.as_ref().map(|label| serde_json::json!({"unique": label})),
            },
            "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{diff_id}")]},
            "history": [{"created": "2026-01-01T00:00:00Z"}],
        })
        .to_string()
        .into_bytes();
        (config, layer)
    }

    fn layer(&self) -> Vec<u8> {
        let busybox = busybox();
        let mut layer = Builder::new(Vec::new());
        for (directory, mode) in [
            ("bin", 0o755),
            ("dev", 0o755),
            ("etc", 0o755),
            ("home", 0o755),
            ("home/user", 0o777),
            ("proc", 0o755),
            ("root", 0o700),
            ("sys", 0o755),
            ("tmp", 0o1777),
        ] {
            add(&mut layer, EntryType::Directory, directory, mode, &[]);
        }
        let program = std::fs::read(&busybox).expect("busybox is read");
        add(
            &mut layer,
            EntryType::Regular,
            "bin/busybox",
            0o755,
            &program,
        );
        for applet in applets(&busybox) {
            let mut header = header(EntryType::Symlink, 0o777, 0);
            layer
                .append_link(&mut header, format!("bin/{applet}"), "busybox")
                .expect("a link in a tar");
        }
        add(
            &mut layer,
            EntryType::Regular,
            "etc/passwd",
            0o644,
            PASSWD.as_bytes(),
        );
        add(
            &mut layer,
            EntryType::Regular,
            "etc/group",
            0o644,
            GROUP.as_bytes(),
        );
        for file in &self.files {
            add(
                &mut layer,
                EntryType::Regular,
                &file.path,
                file.mode,
                &file.content,
            );
        }
        layer.into_inner().expect("a tar in memory")
    }
}

fn busybox() -> PathBuf {
    std::env::var_os(BUSYBOX)
        .map(PathBuf::from)
        .into_iter()
        .chain(["/bin/busybox", "/usr/bin/busybox"].map(PathBuf::from))
        .find(|path| path.is_file())
        .expect("busybox is installed: apt-get install busybox-static, or run cargo xtask test")
}

fn applets(busybox: &Path) -> Vec<String> {
    let listed = Command::new(busybox)
        .arg("--list")
        .output()
        .expect("busybox runs");
    String::from_utf8(listed.stdout)
        .expect("applets have plain names")
        .lines()
        .filter(|applet| *applet != "busybox" && !applet.contains('/'))
        .map(str::to_owned)
        .collect()
}

fn header(entry_type: EntryType, mode: u32, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(entry_type);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size as u64);
    header
}

fn add(tar: &mut Builder<Vec<u8>>, entry_type: EntryType, path: &str, mode: u32, content: &[u8]) {
    let mut header = header(entry_type, mode, content.len());
    tar.append_data(&mut header, path, content)
        .expect("an entry in a tar");
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
