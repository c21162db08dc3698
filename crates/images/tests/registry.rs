//! Pulling from a real registry on loopback: Debian's package docker-registry.

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ctnr_images::{Credentials, ImageError, PullOptions, StoredImage, no_progress};
use ctnr_model::ImageReference;
use support::{Fixture, Item, OciArchive, gzip, sha256, tar, zstd};

/// `secret` for the user `me`, hashed by bcrypt.
const PASSWORDS: &str = "me:$2b$04$mHSXFddiRg6L3g.5Jpro4u.NztTVV6oR7sUTmJ5rPRwtmEaswqSAy\n";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A registry that ends with the test.
struct Registry {
    address: String,
    authorization: &'static str,
    process: Child,
    _files: tempfile::TempDir,
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.process
            .kill()
            .expect("the registry was started by this test");
        self.process
            .wait()
            .expect("the registry was started by this test");
    }
}

impl Registry {
    fn start(with_password: bool) -> Self {
        let files = tempfile::tempdir().expect("a temporary directory");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let address = format!("127.0.0.1:{}", port.expect("a free port").port());
        let passwords = files.path().join("passwords");
        std::fs::write(&passwords, PASSWORDS).expect("a file can be written");
        let mut config = format!(
            "version: 0.1\nlog: {{ level: error, accesslog: {{ disabled: true }} }}\n\
             storage: {{ filesystem: {{ rootdirectory: {} }} }}\nhttp: {{ addr: \"{address}\" }}\n",
            files.path().join("data").display(),
        );
        if with_password {
            let path = passwords.display();
            config.push_str(&format!(
                "auth: {{ htpasswd: {{ realm: test, path: {path} }} }}\n"
            ));
        }
        let config_path = files.path().join("config.yml");
        std::fs::write(&config_path, config).expect("a file can be written");
        let process = serve(&config_path);
        let authorization = if with_password {
            "Basic bWU6c2VjcmV0"
        } else {
            ""
        };
        let registry = Self {
            address,
            authorization,
            process,
            _files: files,
        };
        let start = Instant::now();
        while TcpStream::connect(&registry.address).is_err() {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "docker-registry does not listen"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        registry
    }

    /// Sends a request and gives the status and the head of the answer.
    fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("the registry listens");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: {}\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            self.authorization,
            body.len(),
        );
        stream
            .write_all(head.as_bytes())
            .expect("the registry reads");
        stream.write_all(body).expect("the registry reads");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("the registry answers");
        let status = answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        (status.expect("the registry speaks HTTP"), answer)
    }

    fn push_blob(&self, bytes: &[u8]) {
        let (status, head) = self.send("POST", "/v2/app/blobs/uploads/", "", b"");
        assert_eq!(status, 202, "{head}");
        let location = head
            .lines()
            .find_map(|line| line.strip_prefix("Location: "));
        let location = location.expect("an upload has a place").trim();
        let path = location
            .split_once(&self.address)
            .map_or(location, |(_, path)| path);
        let path = format!("{path}&digest={}", sha256(bytes));
        let (status, head) = self.send("PUT", &path, "application/octet-stream", bytes);
        assert_eq!(status, 201, "{head}");
    }

    fn push(&self, image: &OciArchive) {
        image.layers.iter().for_each(|layer| self.push_blob(layer));
        self.push_blob(image.config.to_string().as_bytes());
        let manifest = image.manifest.to_string();
        let (status, head) = self.send("PUT", "/v2/app/manifests/1", MANIFEST, manifest.as_bytes());
        assert_eq!(status, 201, "{head}");
    }

    fn pull(
        &self,
        fixture: &Fixture,
        options: PullOptions,
    ) -> Result<Arc<StoredImage>, ImageError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let reference = ImageReference::parse(&format!("{}/app:1", self.address));
        let reference = reference.expect("a valid name");
        runtime.block_on(fixture.store.pull(&reference, options, no_progress()))
    }
}

fn serve(config: &Path) -> Child {
    Command::new("docker-registry")
        .arg("serve")
        .arg(config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("docker-registry can't be run ({error}): sudo apt-get install docker-registry")
        })
}

fn image(kind: &str, pack: fn(&[u8]) -> Vec<u8>) -> OciArchive {
    let layer = |text: &str| tar(&[Item::directory("d"), Item::file("d/file", text.as_bytes())]);
    let layers: Vec<Vec<u8>> = ["a", "b", "c", "d"].map(layer).into();
    OciArchive::new(
        "",
        &layers,
        &format!("application/vnd.oci.image.layer.v1.tar{kind}"),
        pack,
    )
}

#[test]
fn images_are_pulled() {
    let registry = Registry::start(false);
    for image in [
        image("+gzip", gzip),
        image("+zstd", zstd),
        image("", <[u8]>::to_vec),
    ] {
        registry.push(&image);
        let fixture = Fixture::rootless();
        let pulled = registry.pull(&fixture, PullOptions::default()).unwrap();
        assert_eq!(
            pulled.manifest.to_string(),
            sha256(image.manifest.to_string().as_bytes())
        );
        assert_eq!(
            std::fs::read(pulled.layers[3].join("d/file")).unwrap(),
            b"d"
        );
        let again = registry.pull(&fixture, PullOptions::default()).unwrap();
        assert_eq!(pulled, again);
    }
}

#[test]
fn private_images_want_a_password() {
    let registry = Registry::start(true);
    registry.push(&image("+gzip", gzip));
    let with = |password: &str| {
        let (username, password) = ("me".to_owned(), password.to_owned());
        let credentials = Some(Credentials::Basic { username, password });
        registry.pull(
            &Fixture::rootless(),
            PullOptions {
                credentials,
                ..Default::default()
            },
        )
    };
    with("secret").unwrap();
    assert!(matches!(
        with("wrong"),
        Err(ImageError::Unauthorized { .. })
    ));
    let nobody = registry.pull(&Fixture::rootless(), PullOptions::default());
    assert!(matches!(nobody, Err(ImageError::Unauthorized { .. })));
}

#[test]
fn what_is_not_there_is_said() {
    let registry = Registry::start(false);
    let error = registry
        .pull(&Fixture::rootless(), PullOptions::default())
        .unwrap_err();
    assert!(error.to_string().contains("check the name"), "{error}");
}
