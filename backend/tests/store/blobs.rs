//! The promises about layers by their packed bytes.

use std::time::Duration;

use backend::store::{CaptureRow, LayerBlob, LayerPhase, LayerRow};
use ctnr_model::{Digest, EngineKind, JobId, LayerId};
use jiff::Timestamp;

use crate::support::TestDatabase;

const HOUR: Duration = Duration::from_secs(3_600);

pub(crate) async fn a_layer_is_known_by_its_bytes_while_it_is_there(database: TestDatabase) {
    let store = database.open().await;
    let digest = Digest::parse(&format!("sha256:{}", "a".repeat(64))).unwrap();
    let blob = |unpacked| LayerBlob {
        digest: digest.clone(),
        size: 7,
        unpacked,
    };
    let ids = [1, 2].map(|byte| LayerId::from_random([byte; 32]));
    for (id, host) in ids.iter().zip(["one", "other"]) {
        let row = LayerRow {
            id: id.clone(),
            host: host.to_owned(),
            engine: EngineKind::Native,
            phase: LayerPhase::Making,
            size: 0,
            kept_until: Timestamp::now() - HOUR,
        };
        store.intend_layer(&row).await.unwrap();
    }
    let [first, second] = &ids;
    store.record_blob(first, &blob(None)).await.unwrap();
    // What is being made is nobody's yet, and what was recorded stays.
    assert_eq!(store.layers_of_blob("one", &digest, 7).await.unwrap(), []);
    store.record_blob(first, &blob(Some(9))).await.unwrap();
    assert_eq!(store.blob_of_layer(first).await.unwrap(), Some(blob(None)));
    assert!(!store.keep_layer(first, Timestamp::now()).await.unwrap());
    for id in &ids {
        store.confirm_layer(id, 7).await.unwrap();
    }
    store.record_blob(second, &blob(Some(9))).await.unwrap();
    let known = store.layers_of_blob("one", &digest, 7).await.unwrap();
    assert_eq!(known, std::slice::from_ref(first));
    // Another length than the one that was recorded is a lie.
    let other = store.layers_of_blob("one", &digest, 8).await.unwrap();
    assert_eq!(other, []);
    assert_eq!(
        store.blob_of_layer(second).await.unwrap(),
        Some(blob(Some(9)))
    );
    // A layer that is not there has no bytes.
    let gone = LayerId::from_random([3; 32]);
    store.record_blob(&gone, &blob(None)).await.unwrap();
    assert_eq!(store.blob_of_layer(&gone).await.unwrap(), None);

    let until = Timestamp::now() + HOUR;
    assert!(store.keep_layer(first, until).await.unwrap());
    assert!(store.keep_layer(first, Timestamp::now()).await.unwrap());
    assert_eq!(store.mark_unused_layers("one").await.unwrap(), []);
    store
        .let_layers_go(std::slice::from_ref(first))
        .await
        .unwrap();
    let marked = store.mark_unused_layers("one").await.unwrap();
    assert_eq!(marked, std::slice::from_ref(first));
    assert!(!store.keep_layer(first, until).await.unwrap());
    assert_eq!(store.layers_of_blob("one", &digest, 7).await.unwrap(), []);
    store.forget_layer(first).await.unwrap();
    assert_eq!(store.blob_of_layer(first).await.unwrap(), None);

    let capture = |job, document: &str| CaptureRow {
        layer: second.clone(),
        job: JobId::from_random([job; 32]),
        document: document.to_owned(),
        created_at: Timestamp::from_second(1_000_000_000).unwrap(),
    };
    store.record_capture(&capture(1, "{}")).await.unwrap();
    store.record_capture(&capture(2, "[]")).await.unwrap();
    let kept = store.capture_of_layer(second).await.unwrap();
    assert_eq!(kept, Some(capture(1, "{}")));
}
