//! Archives and names that are not what they should be.

use super::bench::{error, import};
use super::{Bench, TestImage};
use crate::{EngineError, InUse};

/// What is no archive, or breaks off, is the caller's mistake, and leaves no image.
pub async fn what_is_no_archive_is_refused(bench: Bench) {
    let images = bench.engine().images();
    let image = TestImage::unique();
    let whole = image.archive();
    let empty_tar = vec![0; 1024];
    for (what, bytes) in [
        ("noise", b"this is no archive".repeat(100)),
        ("half", whole[..whole.len() / 2].to_vec()),
        ("empty tar", empty_tar),
        ("nothing", Vec::new()),
    ] {
        let error = error(import(bench.engine(), bytes).await);
        assert!(
            matches!(error, EngineError::BadRequest(_)),
            "{what}: {error}"
        );
        assert!(images.inspect(&image.tag).await.is_err(), "{what}");
    }
}

/// What is no name gets no further, wherever a name is taken.
pub async fn what_is_no_name_is_refused(bench: Bench) {
    let images = bench.engine().images();
    for name in [
        "",
        "../containers/json",
        "a b",
        "UPPER",
        "a?force=1",
        "a#b",
        "%2e%2e/x",
        "a\nb",
    ] {
        for error in [
            error(images.inspect(name).await),
            error(images.remove(name, &InUse::new()).await),
            error(images.tag(name, &TestImage::base().reference()).await),
            error(images.export(&[name.to_owned()]).await),
        ] {
            assert!(
                matches!(
                    error,
                    EngineError::BadRequest(_) | EngineError::ImageNotFound { .. }
                ),
                "{name:?}: {error}"
            );
        }
    }
    let none = error(images.export(&[]).await);
    assert!(matches!(none, EngineError::BadRequest(_)), "{none}");
}
