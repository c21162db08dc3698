//! An answer, typed and as it came.

use std::ops::Deref;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{ClientError, Result};

/// What the backend answered: the value, and the JSON as it came, with the fields that this
/// version does not know.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    value: T,
    json: Value,
}

impl<T: DeserializeOwned> Answer<T> {
    /// Reads an answer's body.
    pub(crate) fn read(body: &[u8], route: &str) -> Result<Self> {
        let unreadable = |source| ClientError::Unreadable {
            route: route.to_owned(),
            source,
        };
        let json: Value = serde_json::from_slice(body).map_err(unreadable)?;
        let value = T::deserialize(&json).map_err(unreadable)?;
        Ok(Self { value, json })
    }
}

impl<T> Answer<T> {
    /// The JSON as it came.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The value alone.
    pub fn into_value(self) -> T {
        self.value
    }
}

impl<T> Deref for Answer<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
