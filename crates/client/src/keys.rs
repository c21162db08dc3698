//! Keys to the API.

use ctnr_api::{CreateKey, Key, KeyCreated, KeyList};
use ctnr_model::KeyQuery;

use crate::{Answer, Client, Result};

const KEYS: [&str; 2] = ["api", "keys"];

impl Client {
    /// Makes a key. Its secret is in the answer, and shown this once.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn create_key(&self, request: &CreateKey) -> Result<Answer<KeyCreated>> {
        self.post(&KEYS).json(request).fetch().await
    }

    /// The keys, without their secrets.
    ///
    /// # Errors
    /// As for [`Client::create_key`].
    pub async fn list_keys(&self) -> Result<Answer<KeyList>> {
        self.get(&KEYS).fetch().await
    }

    /// A key, without its secret.
    ///
    /// # Errors
    /// As for [`Client::create_key`].
    pub async fn inspect_key(&self, key: &KeyQuery) -> Result<Answer<Key>> {
        self.get(&[KEYS[0], KEYS[1], key.as_str()]).fetch().await
    }

    /// Revokes a key.
    ///
    /// # Errors
    /// As for [`Client::create_key`].
    pub async fn revoke_key(&self, key: &KeyQuery) -> Result<()> {
        self.delete(&[KEYS[0], KEYS[1], key.as_str()]).done().await
    }
}
