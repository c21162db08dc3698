//! Layers: kept while something uses them, removed after.

use std::io::Cursor;

use backend::app::{AppError, NewContainer};
use ctnr_engine::EngineError;
use ctnr_model::LayerId;

use crate::support::{Operation, Platform, container};

async fn upload(platform: &Platform) -> LayerId {
    let content = Box::new(Cursor::new(b"tar".to_vec()));
    platform.app.import_layer(content, None).await.unwrap().id
}

fn of(layers: Vec<LayerId>, name: &str) -> NewContainer {
    NewContainer {
        name: Some(name.parse().unwrap()),
        layers,
        ..NewContainer::default()
    }
}

#[tokio::test]
async fn a_layer_stays_while_one_container_is_made_of_it() {
    let platform = Platform::with_runtime().await;
    let layer = upload(&platform).await;
    let (app, layers) = (&platform.app, vec![layer.clone()]);
    app.create_container(of(layers.clone(), "one"), None)
        .await
        .unwrap();
    let row = app
        .create_container(of(layers.clone(), "two"), None)
        .await
        .unwrap();
    assert_eq!((row.chain, row.base), (layers.clone(), 1));
    app.delete_container(&container("one")).await.unwrap();
    assert_eq!(platform.engine.layer_ids(), layers);
    app.delete_container(&container("two")).await.unwrap();
    assert_eq!(platform.engine.layer_ids(), []);
    let late = app.create_container(of(layers, "late"), None).await;
    assert!(matches!(late, Err(AppError::NotFound(_))), "{late:?}");
}

#[tokio::test]
async fn one_that_nobody_has_used_yet_is_kept_for_a_while() {
    let platform = Platform::with_runtime().await;
    let layer = upload(&platform).await;
    platform.container("other").await;
    platform
        .app
        .delete_container(&container("other"))
        .await
        .unwrap();
    assert_eq!(platform.engine.layer_ids(), [layer]);
}

#[tokio::test]
async fn an_upload_that_fails_leaves_nothing() {
    let platform = Platform::with_runtime().await;
    let failure = EngineError::BadRequest("not a tar".to_owned());
    platform.engine.fail_next(Operation::ImportLayer, failure);
    let content = Box::new(Cursor::new(b"junk".to_vec()));
    let error = platform.app.import_layer(content, None).await;
    assert!(matches!(error, Err(AppError::BadRequest(_))));
    assert_eq!(platform.engine.layer_ids(), []);
    for (at, part) in [
        ("relative", "at: "),
        (r"D:\x", "not on the container's drive"),
    ] {
        let content = Box::new(Cursor::new(Vec::new()));
        let error = platform.app.import_layer(content, Some(at)).await;
        let message = error.unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
}
