//! Pulling from registries that are good, that lie, that stall and that want to see a password.
#![cfg(feature = "registry")]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ctnr_images::{
    Credentials, ImageError, LayerPhase, Progress, PullOptions, StoredImage, no_progress,
};
use ctnr_model::{Architecture, ImageReference, Platform};
use support::registry::{Answer, Request, Server};
use support::{Fixture, Item, OciArchive, gzip, hex, sha256, tar};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

fn layer(text: &str) -> Vec<u8> {
    tar(&[Item::file("file", text.as_bytes())])
}

fn image() -> OciArchive {
    let layers: Vec<Vec<u8>> = ["a", "b", "c", "d", "e"].map(layer).into();
    OciArchive::new("", &layers, LAYER, gzip)
}

/// The paths of an image in a registry.
fn files(image: &OciArchive) -> BTreeMap<String, Answer> {
    let mut files = BTreeMap::new();
    for (hex, bytes) in image.blobs() {
        files.insert(format!("app/blobs/sha256:{hex}"), Answer::ok(&bytes));
    }
    let manifest = image.manifest.to_string();
    let answer = Answer::ok(manifest.as_bytes()).header("Content-Type", MANIFEST);
    files.insert(
        format!("app/manifests/{}", sha256(manifest.as_bytes())),
        answer.clone(),
    );
    files.insert("app/manifests/1".to_owned(), answer);
    files
}

fn options() -> PullOptions {
    PullOptions {
        patience: Duration::from_millis(700),
        ..PullOptions::default()
    }
}

fn name(server: &Server, rest: &str) -> ImageReference {
    ImageReference::parse(&format!("{}/{rest}", server.address)).expect("a valid name")
}

fn pull_with(
    fixture: &Fixture,
    server: &Server,
    options: PullOptions,
) -> Result<Arc<StoredImage>, ImageError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(
        fixture
            .store
            .pull(&name(server, "app:1"), options, no_progress()),
    )
}

/// The error of a pull that must fail and keep nothing.
#[track_caller]
fn refused(files: BTreeMap<String, Answer>) -> ImageError {
    let fixture = Fixture::rootless();
    let server = Server::of(files);
    let error = pull_with(&fixture, &server, options()).expect_err("the registry is bad");
    fixture.assert_empty();
    fixture.assert_outside_untouched();
    error
}

#[test]
fn an_image_is_pulled_and_told_about() {
    let fixture = Fixture::rootless();
    let (image, server) = (image(), Server::of(files(&image())));
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let reference = name(&server, "app:1");
    let progress = Arc::new(move |progress| sink.lock().unwrap().push(progress));
    let pulled = runtime
        .block_on(fixture.store.pull(&reference, options(), progress))
        .unwrap();
    assert_eq!(
        pulled.manifest.to_string(),
        sha256(image.manifest.to_string().as_bytes())
    );
    assert_eq!(fixture.store.resolve(&reference).unwrap(), pulled);
    assert_eq!(pulled.layers.len(), 5);
    let told = told.lock().unwrap();
    for phase in [
        LayerPhase::Downloading,
        LayerPhase::Unpacking,
        LayerPhase::Done,
    ] {
        let digests = told.iter().filter_map(|progress| match progress {
            Progress::Layer {
                digest,
                phase: known,
                ..
            } if *known == phase => Some(digest),
            _ => None,
        });
        assert_eq!(
            digests.collect::<std::collections::BTreeSet<_>>().len(),
            5,
            "{phase:?}"
        );
    }
    assert_eq!(
        *told.last().unwrap(),
        Progress::Stored {
            manifest: pulled.manifest.clone()
        }
    );
}

#[test]
fn layers_that_are_there_are_not_fetched_again() {
    let fixture = Fixture::rootless();
    let server = Server::of(files(&image()));
    pull_with(&fixture, &server, options()).unwrap();
    let before = server.paths().len();
    pull_with(&fixture, &server, options()).unwrap();
    let again: Vec<String> = server.paths().split_off(before);
    let config = format!(
        "/v2/app/blobs/{}",
        sha256(image().config.to_string().as_bytes())
    );
    assert_eq!(again, ["/v2/app/manifests/1".to_owned(), config]);
}

#[test]
fn the_platform_is_chosen_from_an_index() {
    let image = image();
    let manifest = image.manifest.to_string();
    let mut files = files(&image);
    let index = serde_json::json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [
        { "mediaType": MANIFEST, "digest": sha256(b"other"), "size": 5,
          "platform": { "os": "linux", "architecture": "s390x" } },
        { "mediaType": MANIFEST, "digest": sha256(manifest.as_bytes()), "size": manifest.len(),
          "platform": { "os": "linux", "architecture": Architecture::HOST.as_str() } },
    ]});
    let index = index.to_string();
    let answer = Answer::ok(index.as_bytes()).header("Content-Type", INDEX);
    files.insert("app/manifests/1".to_owned(), answer.clone());
    files.insert(
        format!("app/manifests/{}", sha256(index.as_bytes())),
        answer,
    );
    let fixture = Fixture::rootless();
    let server = Server::of(files);
    let pulled = pull_with(&fixture, &server, options()).unwrap();
    assert_eq!(pulled.manifest.hex(), hex(manifest.as_bytes()));
    // The digest that users see on web pages is the index's.
    let by_index = name(&server, &format!("app@{}", sha256(index.as_bytes())));
    assert_eq!(
        fixture.store.resolve(&by_index).unwrap().manifest,
        pulled.manifest
    );

    let other = match Architecture::HOST {
        Architecture::Amd64 => Architecture::Arm64,
        Architecture::Arm64 => Architecture::Amd64,
    };
    let options = PullOptions {
        platform: Platform {
            architecture: other,
        },
        ..options()
    };
    let error = pull_with(&Fixture::rootless(), &server, options).unwrap_err();
    assert!(matches!(error, ImageError::Unsupported { .. }), "{error}");
}

#[test]
fn registries_that_lie_are_found_out() {
    let image = image();
    let manifest = image.manifest.to_string();
    let lie = |key: String, answer: Answer| {
        let mut files = files(&image);
        assert!(files.insert(key, answer).is_some());
        refused(files)
    };
    let tag = || "app/manifests/1".to_owned();
    let layer = || format!("app/blobs/{}", sha256(&image.layers[3]));
    let config = format!("app/blobs/{}", sha256(image.config.to_string().as_bytes()));
    let mut changed = image.layers[3].clone();
    changed[20] ^= 1;
    for error in [
        lie(
            tag(),
            Answer::ok(manifest.as_bytes()).header("Docker-Content-Digest", &sha256(b"x")),
        ),
        lie(
            config,
            Answer::ok(image.config.to_string().replace("A=b", "A=c").as_bytes()),
        ),
        lie(layer(), Answer::ok(&changed)),
    ] {
        assert!(
            matches!(error, ImageError::DigestMismatch { .. }),
            "{error}"
        );
    }
    let longer = [image.layers[3].as_slice(), b"x"].concat();
    for error in [
        lie(layer(), Answer::ok(&longer)),
        lie(layer(), Answer::ok(&image.layers[3][1..])),
        lie(tag(), Answer::ok(b"{")),
        lie(
            tag(),
            Answer::ok(b"<html>").header("Content-Type", "text/html"),
        ),
    ] {
        assert!(matches!(error, ImageError::Corrupt { .. }), "{error}");
    }
    let cut = Answer {
        stated: Some(image.layers[3].len() + 9),
        ..Answer::ok(&image.layers[3])
    };
    let giant = Answer::ok(format!("{{\"x\":\"{}\"}}", "x".repeat(5 << 20)).as_bytes());
    let endless = Answer {
        stated: Some(usize::MAX / 2),
        ..giant.clone()
    };
    assert!(matches!(lie(layer(), cut), ImageError::Registry { .. }));
    assert!(matches!(lie(tag(), giant), ImageError::TooLarge { .. }));
    assert!(matches!(lie(tag(), endless), ImageError::TooLarge { .. }));
}

#[test]
fn a_plain_digest_that_lies_is_found_out() {
    let mut image = image();
    image.config["rootfs"]["diff_ids"][2] = sha256(b"other").into();
    let config = image.config.to_string();
    image.manifest["config"]["digest"] = sha256(config.as_bytes()).into();
    image.manifest["config"]["size"] = config.len().into();
    let error = refused(files(&image));
    assert!(
        matches!(error, ImageError::DigestMismatch { .. }),
        "{error}"
    );
}

#[test]
fn registries_that_stall_are_given_up() {
    let image = image();
    let layer = format!("app/blobs/{}", sha256(&image.layers[1]));
    let half = image.layers[1].len() / 2;
    for (key, kept) in [("app/manifests/1".to_owned(), 0), (layer, half)] {
        let mut files = files(&image);
        let answer = files.get_mut(&key).unwrap();
        answer.stated = Some(answer.body.len());
        answer.body.truncate(kept);
        answer.stalls = true;
        let error = refused(files);
        assert!(matches!(error, ImageError::TimedOut { .. }), "{error}");
    }
}

#[test]
fn a_pull_that_is_dropped_leaves_nothing() {
    let image = image();
    let mut files = files(&image);
    let answer = files
        .get_mut(&format!("app/blobs/{}", sha256(&image.layers[1])))
        .unwrap();
    answer.stated = Some(answer.body.len());
    answer.body.truncate(9);
    answer.stalls = true;
    let (fixture, server) = (Fixture::rootless(), Server::of(files));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let reference = name(&server, "app:1");
        let patient = PullOptions::default();
        let pull = fixture.store.pull(&reference, patient, no_progress());
        let all_asked = async {
            while server.paths().len() < 5 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            result = pull => panic!("it can't end: {result:?}"),
            () = all_asked => {}
        }
    });
    fixture.assert_empty();
}

/// A registry that answers the holder of a token, or of a password where it gives no tokens.
fn guarded(challenge: impl Fn(&str) -> String + Send + Sync + 'static) -> Server {
    let files = files(&image());
    let address = Arc::new(Mutex::new(String::new()));
    let own = Arc::clone(&address);
    let server = Server::new(move |request: &Request| {
        // "bWU6c2VjcmV0" is "me:secret".
        let knows = request.authorization == "Basic bWU6c2VjcmV0";
        if let Some(query) = request.path.strip_prefix("/token") {
            let refreshed = request.body.contains("refresh_token=identity");
            let asks = format!("{query}{}", request.body).contains("scope=repository%3Aapp%3Apull");
            return match asks && (knows || refreshed) {
                true => Answer::ok(br#"{"access_token":"ticket"}"#),
                false => Answer::status(401),
            };
        }
        let challenge = challenge(&own.lock().expect("no panic"));
        let may = if challenge.starts_with("Basic") {
            knows
        } else {
            request.authorization == "Bearer ticket"
        };
        if !may {
            return Answer::status(401).header("WWW-Authenticate", &challenge);
        }
        let name = request.path.strip_prefix("/v2/").unwrap_or_default();
        files.get(name).cloned().unwrap_or(Answer::status(404))
    });
    address
        .lock()
        .expect("no panic")
        .clone_from(&server.address);
    server
}

fn bearer(address: &str) -> String {
    format!("Bearer realm=\"http://{address}/token\",service=\"here\"")
}

#[test]
fn passwords_and_tokens_open_private_images() {
    let basic = |password: &str| Credentials::Basic {
        username: "me".to_owned(),
        password: password.to_owned(),
    };
    let identity = Credentials::IdentityToken("identity".to_owned());
    let try_with = |server: &Server, credentials| {
        let options = PullOptions {
            credentials: Some(credentials),
            ..options()
        };
        pull_with(&Fixture::rootless(), server, options)
    };
    let tokens = guarded(bearer);
    try_with(&tokens, basic("secret")).unwrap();
    try_with(&tokens, identity.clone()).unwrap();
    let passwords = guarded(|_| "Basic realm=\"x\"".to_owned());
    try_with(&passwords, basic("secret")).unwrap();
    for (server, credentials) in [
        (&tokens, basic("wrong")),
        (&tokens, Credentials::Anonymous),
        (&passwords, basic("wrong")),
        (&passwords, Credentials::Anonymous),
        (&passwords, identity),
    ] {
        let error = try_with(server, credentials).unwrap_err();
        assert!(matches!(error, ImageError::Unauthorized { .. }), "{error}");
    }
}

#[test]
fn credentials_come_from_dockers_file() {
    let server = guarded(bearer);
    let fixture = Fixture::rootless();
    let config = fixture.scratch.path().join("outside/secret");
    let json = format!(
        r#"{{"auths":{{"http://{}/":{{"auth":"bWU6c2VjcmV0"}}}}}}"#,
        server.address
    );
    std::fs::write(&config, json).unwrap();
    let options = PullOptions {
        docker_config: Some(config),
        ..options()
    };
    pull_with(&fixture, &server, options).unwrap();
}

#[test]
fn passwords_are_not_sent_just_anywhere() {
    for realm in [
        "http://example.invalid/token",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "x",
    ] {
        let server = guarded(move |_| format!("Bearer realm=\"{realm}\""));
        let error = pull_with(&Fixture::rootless(), &server, options()).unwrap_err();
        assert!(error.to_string().contains("not safe"), "{error}");
    }
}

#[test]
fn redirections_are_followed_within_reason() {
    let image = image();
    let other = Server::of(files(&image));
    let layer = format!("app/blobs/{}", sha256(&image.layers[0]));
    let redirect = |to: &str| {
        let mut files = files(&image);
        files.insert(layer.clone(), Answer::status(307).header("Location", to));
        files
    };
    let good = Server::of(redirect(&format!("http://{}/v2/{layer}", other.address)));
    pull_with(&Fixture::rootless(), &good, options()).unwrap();
    for to in [
        "http://example.invalid/x",
        "file:///etc/passwd",
        &format!("/v2/{layer}"),
    ] {
        let error = refused(redirect(to));
        assert!(matches!(error, ImageError::Registry { .. }), "{error}");
    }
}

#[test]
fn answers_are_explained() {
    for (status, words) in [
        (404, "check the name"),
        (403, "log in"),
        (429, "wait"),
        (503, "503"),
    ] {
        let files = BTreeMap::from([("app/manifests/1".to_owned(), Answer::status(status))]);
        let error = refused(files).to_string();
        assert!(
            error.contains(words) && error.contains("127.0.0.1"),
            "{error}"
        );
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let reference = ImageReference::parse(&format!("{nobody}/app:1")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let fixture = Fixture::rootless();
    let pull = fixture.store.pull(&reference, options(), no_progress());
    let error = runtime.block_on(pull).unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
}
