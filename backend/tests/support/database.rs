//! A database for a test: SQLite in a folder of its own; with feature `system-tests` also a
//! PostgreSQL database, cloned from a template.

use backend::store::{Store, sqlite_url};
use tempfile::TempDir;

/// A fresh, empty database.
pub(crate) struct TestDatabase {
    url: String,
    _folder: Option<TempDir>,
}

impl TestDatabase {
    /// A SQLite file, removed with the value.
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            url: sqlite_url(&folder.path().join("test.db")),
            _folder: Some(folder),
        }
    }

    /// A further connection to it, as a further process would have.
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }
}
