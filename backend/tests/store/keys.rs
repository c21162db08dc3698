//! The promises about API keys.

use std::num::NonZeroU32;
use std::time::Duration;

use backend::access::SecretHash;
use backend::store::{KeyRow, StoreError};
use ctnr_model::{KeyId, KeyName, Scopes};
use jiff::Timestamp;

use crate::support::TestDatabase;

const MOST: u32 = 3;

fn key(number: u8) -> KeyRow {
    KeyRow {
        id: KeyId::from_random([number; 8]),
        name: KeyName::parse(&format!("key-{number}")).unwrap(),
        hash: SecretHash::parse(&"A".repeat(43)).unwrap(),
        scopes: Scopes::parse("images:read sandboxes:write").unwrap(),
        rate: NonZeroU32::new(50),
        burst: None,
        created_by: "root".to_owned(),
        created_at: Timestamp::from_second(1_000_000_000).unwrap(),
        expires_at: Some(Timestamp::from_second(2_000_000_000).unwrap()),
        last_used_at: None,
    }
}

/// What is to be compared of a key.
fn shown(row: &KeyRow) -> String {
    format!("{row:?} {}", row.hash.to_text())
}

pub(crate) async fn a_key_is_kept_until_it_is_removed(database: TestDatabase) {
    let store = database.open().await;
    let other = database.open().await;
    assert!(other.keys().await.unwrap().is_empty());
    let before = other.keys_revision().await.unwrap();
    let plain = KeyRow {
        rate: None,
        expires_at: None,
        ..key(1)
    };
    store.add_key(&key(2), MOST).await.unwrap();
    store.add_key(&plain, MOST).await.unwrap();
    let kept: Vec<String> = other.keys().await.unwrap().iter().map(shown).collect();
    assert_eq!(kept, [shown(&plain), shown(&key(2))]);
    let added = other.keys_revision().await.unwrap();
    assert_eq!(added, before + 2);

    assert!(store.remove_key(&key(2).id).await.unwrap());
    assert!(!store.remove_key(&key(2).id).await.unwrap());
    assert_eq!(other.keys().await.unwrap().len(), 1);
    assert!(other.keys_revision().await.unwrap() > added);
}

pub(crate) async fn names_of_keys_are_unique_and_keys_are_not_too_many(database: TestDatabase) {
    let store = database.open().await;
    store.add_key(&key(1), MOST).await.unwrap();
    let revision = store.keys_revision().await.unwrap();
    let same_name = KeyRow {
        name: key(1).name,
        ..key(2)
    };
    let taken = store.add_key(&same_name, MOST).await.unwrap_err();
    assert!(matches!(taken, StoreError::KeyNameTaken { .. }), "{taken}");
    assert_eq!(store.keys_revision().await.unwrap(), revision);
    // However many are made at once.
    let stores = [database.open().await, database.open().await];
    let adding = (2..12).map(|number| {
        let store = stores[usize::from(number) % 2].clone();
        tokio::spawn(async move { store.add_key(&key(number), MOST).await })
    });
    let mut added = 0;
    for result in futures::future::join_all(adding).await {
        match result.unwrap() {
            Ok(()) => added += 1,
            Err(error) => assert!(
                matches!(error, StoreError::TooManyKeys { most: MOST }),
                "{error}"
            ),
        }
    }
    assert_eq!(added, 2);
    assert_eq!(store.keys().await.unwrap().len(), 3);
}

pub(crate) async fn the_use_of_a_key_goes_forward_and_makes_no_other_key(database: TestDatabase) {
    let store = database.open().await;
    store.add_key(&key(1), MOST).await.unwrap();
    let revision = store.keys_revision().await.unwrap();
    let at = Timestamp::from_second(1_500_000_000).unwrap();
    let earlier = at - Duration::from_secs(60);
    for used in [at, earlier] {
        store.record_key_use(&key(1).id, used).await.unwrap();
    }
    assert_eq!(store.keys().await.unwrap()[0].last_used_at, Some(at));
    assert_eq!(store.keys_revision().await.unwrap(), revision);
    // One that has just been revoked is not there to be told of.
    store.record_key_use(&key(9).id, at).await.unwrap();
    assert_eq!(store.keys().await.unwrap().len(), 1);
}

/// A database of the release before keys has the later versions of the schema already.
pub(crate) async fn a_database_that_skipped_the_keys_gets_them(database: TestDatabase) {
    let store = database.open().await;
    store.close().await;
    let mut connection = database.connect().await;
    for statement in [
        "DROP TABLE api_keys",
        "DROP TABLE api_keys_revision",
        "DELETE FROM _sqlx_migrations WHERE version = 4",
    ] {
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    drop(connection);
    let store = database.open().await;
    store.add_key(&key(1), MOST).await.unwrap();
    assert_eq!(store.keys().await.unwrap().len(), 1);
}
