//! Registries: a real one, and ones that stall or lie.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ctnr_e2e::{Answer, Api, Backend, busybox, eventually};
use serde_json::{Value, json};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn digest(bytes: &[u8]) -> String {
    use std::process::Command;
    let sum = ctnr_e2e::run_with(Command::new("sha256sum").arg("-"), bytes).ok();
    format!("sha256:{}", &sum[..64])
}

/// An image's configuration, layer and manifest as a registry has them.
struct Parts {
    config: Vec<u8>,
    layer: Vec<u8>,
    manifest: Vec<u8>,
}

impl Parts {
    fn new() -> Self {
        let layer = busybox().layers()[0].clone();
        let config = json!({
            "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
            "os": "linux",
            "config": { "Cmd": ["sh"], "Env": ["PATH=/bin"] },
            "rootfs": { "type": "layers", "diff_ids": [digest(&layer)] },
        })
        .to_string()
        .into_bytes();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": digest(&config), "size": config.len(),
            },
            "layers": [{
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": digest(&layer), "size": layer.len(),
            }],
        });
        let manifest = manifest.to_string().into_bytes();
        Self {
            config,
            layer,
            manifest,
        }
    }
}

fn pull(api: &Api, image: &str) -> Answer {
    api.with("accept", "application/json")
        .post_json("/v1/images/pull", &json!({ "image": image }))
}

#[test]
fn an_image_of_a_real_registry() {
    let address = std::env::var("CTNR_TEST_REGISTRY")
        .expect("CTNR_TEST_REGISTRY is not set: run `cargo xtask test`");
    let registry = Api::at(&format!("http://{address}"));
    let parts = Parts::new();
    let name = format!("e2e/pulled-{}", std::process::id());
    for blob in [&parts.config, &parts.layer] {
        let begun = registry
            .post(&format!("/v2/{name}/blobs/uploads/"))
            .expect(202);
        let place = begun.header("location").unwrap();
        let path = place
            .strip_prefix(&format!("http://{address}"))
            .unwrap_or(place);
        let mark = if path.contains('?') { '&' } else { '?' };
        registry
            .with("content-type", "application/octet-stream")
            .send(
                "PUT",
                &format!("{path}{mark}digest={}", digest(blob)),
                blob.clone(),
            )
            .expect(201);
    }
    registry
        .with("content-type", MANIFEST)
        .send(
            "PUT",
            &format!("/v2/{name}/manifests/1"),
            parts.manifest.clone(),
        )
        .expect(201);

    let backend = Backend::builder().start();
    let image = format!("{address}/{name}:1");
    let pulled = pull(backend.api(), &image).expect(200).json();
    assert_eq!(pulled["RepoTags"], json!([image]));
    assert_eq!(pulled["Id"], digest(&parts.config));
    let sandbox = backend
        .api()
        .create(&json!({ "image": image, "cmd": ["sleep", "1000"] }));
    assert_eq!(sandbox.exec(&["echo", "pulled"]).ok(), "pulled\n");
    // By its digest it is the same image.
    let by_digest = format!("{address}/{name}@{}", digest(&parts.manifest));
    pull(backend.api(), &by_digest).expect(200);
    let missing = pull(backend.api(), &format!("{address}/{name}:2"));
    missing.expect_error(404, "NOT_FOUND");
    let lines = backend
        .api()
        .post_json("/v1/images/pull", &json!({ "image": image }))
        .expect(200)
        .lines();
    assert!(lines.last().unwrap()["pulled"].is_object(), "{lines:?}");
}

/// How a registry of the test's own misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    /// It does not.
    None,
    /// The manifest is another one than its digest says.
    Manifest,
    /// The configuration is another one than its digest says.
    Config,
    /// The layer is another one than its digest says.
    Layer,
    /// The layer ends early.
    Short,
    /// The layer never ends.
    Long,
    /// The manifest never ends.
    LongManifest,
    /// The manifest is no JSON.
    Nonsense,
    /// 500 for everything.
    Broken,
    /// Nothing is answered.
    Stall,
    /// The layer stops in its middle.
    StallInLayer,
}

/// A registry on loopback that serves one image, and ends with the value.
struct Registry {
    port: u16,
    ended: Arc<AtomicBool>,
}

impl Registry {
    fn new(lie: Lie) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ended = Arc::new(AtomicBool::new(false));
        let (end, parts) = (Arc::clone(&ended), Arc::new(Parts::new()));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (end, parts) = (Arc::clone(&end), Arc::clone(&parts));
                // A client that goes away is no failure of the registry's.
                std::thread::spawn(move || drop(serve(stream, lie, &parts, &end)));
            }
        });
        Self { port, ended }
    }

    fn image(&self) -> String {
        format!("127.0.0.1:{}/lies:1", self.port)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
    }
}

fn serve(mut stream: TcpStream, lie: Lie, parts: &Parts, end: &AtomicBool) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default();
    let is_head = request.starts_with("HEAD");
    let stall = || {
        while !end.load(Ordering::SeqCst) {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    };
    let changed = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        bytes
    };
    let mut answer = |status: &str, kind: &str, length: usize, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        if is_head {
            Ok(())
        } else {
            stream.write_all(body)
        }
    };
    if lie == Lie::Stall {
        stall();
    } else if lie == Lie::Broken {
        return answer("500 Internal Server Error", "text/plain", 2, b"no");
    } else if path == "/v2/" {
        return answer("200 OK", "application/json", 2, b"{}");
    } else if path.contains("/manifests/") {
        return match lie {
            Lie::Nonsense => answer("200 OK", MANIFEST, 9, b"{not json"),
            Lie::Manifest if path.contains("sha256:") => {
                let body = changed(&parts.manifest);
                answer("200 OK", MANIFEST, body.len(), &body)
            }
            Lie::LongManifest => answer("200 OK", MANIFEST, 1 << 40, &vec![b' '; 64 << 20]),
            _ => answer("200 OK", MANIFEST, parts.manifest.len(), &parts.manifest),
        };
    } else if path.ends_with(&digest(&parts.config)) {
        let body = if lie == Lie::Config {
            changed(&parts.config)
        } else {
            parts.config.clone()
        };
        return answer("200 OK", "application/octet-stream", body.len(), &body);
    } else if path.ends_with(&digest(&parts.layer)) {
        let (kind, layer) = ("application/octet-stream", &parts.layer);
        return match lie {
            Lie::Layer => answer("200 OK", kind, layer.len(), &changed(layer)),
            Lie::Short => answer("200 OK", kind, layer.len(), &layer[..layer.len() / 2]),
            Lie::Long => answer(
                "200 OK",
                kind,
                layer.len() + (64 << 20),
                &[layer.clone(), vec![0; 64 << 20]].concat(),
            ),
            Lie::StallInLayer => {
                answer("200 OK", kind, layer.len(), &layer[..layer.len() / 2])?;
                stall();
                Ok(())
            }
            _ => answer("200 OK", kind, layer.len(), layer),
        };
    } else {
        return answer("404 Not Found", "application/json", 2, b"{}");
    }
    Ok(())
}

#[test]
fn registries_that_lie() {
    let backend = Backend::builder().start();
    let honest = Registry::new(Lie::None);
    for lie in [
        Lie::Config,
        Lie::Layer,
        Lie::Short,
        Lie::Long,
        Lie::LongManifest,
        Lie::Nonsense,
        Lie::Broken,
    ] {
        let registry = Registry::new(lie);
        let answer = pull(backend.api(), &registry.image());
        let code = answer.json()["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(
            matches!(
                (answer.status, code.as_str()),
                (400, "BAD_REQUEST")
                    | (413, "TOO_LARGE")
                    | (422, "UNSUPPORTED")
                    | (503, "UNAVAILABLE")
            ),
            "{lie:?}: {} {}",
            answer.status,
            answer.text()
        );
        let left = backend.api().get("/v1/images").expect(200).json();
        assert_eq!(left["images"], json!([]), "{lie:?}");
    }
    let registry = Registry::new(Lie::Manifest);
    let wrong = format!(
        "127.0.0.1:{}/lies@{}",
        registry.port,
        digest(&Parts::new().manifest)
    );
    let answer = pull(backend.api(), &wrong);
    assert!(
        answer.status == 400 || answer.status == 503,
        "{} {}",
        answer.status,
        answer.text()
    );
    let nobody = pull(backend.api(), "127.0.0.1:1/nobody:1");
    nobody.expect_error(503, "UNAVAILABLE");
    // After all of them an honest one is pulled.
    pull(backend.api(), &honest.image()).expect(200);
}

/// A pull from a registry that says nothing holds up nobody, and ends with its caller.
#[test]
fn registries_that_stall() {
    let mut backend = Backend::builder().start();
    for lie in [Lie::Stall, Lie::StallInLayer] {
        let registry = Registry::new(lie);
        let (api, image) = (backend.api().clone(), registry.image());
        let pulling = std::thread::spawn(move || {
            let body = json!({ "image": image }).to_string().into_bytes();
            api.with("accept", "application/json")
                .try_send("POST", "/v1/images/pull", body)
        });
        // Others go on.
        backend.api().get("/v1/images").expect(200);
        let other = Registry::new(Lie::None);
        pull(backend.api(), &other.image()).expect(200);
        backend
            .api()
            .delete(&format!("/v1/images?name={}", other.image()))
            .expect(204);
        if lie == Lie::Stall {
            // And a server that is told to stop does not wait for it.
            let status = backend.stop();
            assert!(status.success(), "{status}");
            drop(pulling.join().unwrap());
            backend.resume();
        } else {
            let answer = pulling.join().unwrap().unwrap();
            assert!(
                answer.status == 503 || answer.status == 504,
                "{} {}",
                answer.status,
                answer.text()
            );
        }
    }
    eventually("an empty store", || {
        let left = ctnr_e2e::run(
            std::process::Command::new("find")
                .arg(backend.data().join("images"))
                .args([
                    "-mindepth",
                    "3",
                    "-maxdepth",
                    "3",
                    "-not",
                    "-path",
                    "*/refs/*",
                ]),
        );
        match left.stdout {
            left if left.is_empty() => Ok(()),
            left => Err(left),
        }
    });
    let images = backend.api().get("/v1/images").expect(200).json();
    assert_eq!(images["images"], Value::Array(Vec::new()));
}
