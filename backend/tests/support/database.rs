//! A database for a test: SQLite in a folder of its own; with feature `system-tests` also a
//! PostgreSQL database, cloned from a template.

use backend::store::{Store, sqlite_url};
use tempfile::TempDir;

/// A fresh, empty database, removed with the value.
pub(crate) struct TestDatabase {
    pub(super) url: String,
    _kept: Kept,
}

#[expect(dead_code, reason = "what is kept is removed when it is dropped")]
enum Kept {
    Folder(TempDir),
    #[cfg(feature = "system-tests")]
    Server(postgres::Database),
}

impl TestDatabase {
    /// A SQLite file.
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            url: sqlite_url(&folder.path().join("test.db")),
            _kept: Kept::Folder(folder),
        }
    }

    /// A further connection to it, as a further process would have.
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }

    /// A connection to it past the store.
    pub(crate) async fn connect(&self) -> sqlx::AnyConnection {
        <sqlx::AnyConnection as sqlx::Connection>::connect(&self.url)
            .await
            .unwrap()
    }
}

#[cfg(feature = "system-tests")]
mod postgres {
    use backend::store::Store;
    use sqlx::postgres::PgConnection;
    use sqlx::{AssertSqlSafe, Connection, Executor};

    use super::{Kept, TestDatabase};

    const TEMPLATE: &str = "ctnr_template";

    /// A database of the server.
    pub(super) struct Database {
        server: String,
        name: String,
    }

    impl TestDatabase {
        /// A database of the server that `cargo xtask test` starts.
        pub(crate) async fn postgres() -> Self {
            let server = std::env::var("CTNR_TEST_POSTGRES").expect(
                "CTNR_TEST_POSTGRES names no PostgreSQL server; run `cargo xtask test`, which starts one",
            );
            let name = format!("ctnr_test_{:032x}", rand::random::<u128>());
            let mut admin = PgConnection::connect(&server).await.unwrap();
            // Test processes run side by side, and the template is made once.
            admin
                .execute("SELECT pg_advisory_lock(20262)")
                .await
                .unwrap();
            if make(&mut admin, TEMPLATE, "template0").await {
                let template = Store::open(&url(&server, TEMPLATE)).await.unwrap();
                template.close().await;
            }
            assert!(make(&mut admin, &name, TEMPLATE).await);
            admin.close().await.unwrap();
            Self {
                url: url(&server, &name),
                _kept: Kept::Server(Database { server, name }),
            }
        }
    }

    /// The server's address with another database behind it.
    fn url(server: &str, name: &str) -> String {
        let (start, _) = server.rsplit_once('/').unwrap();
        format!("{start}/{name}")
    }

    /// Makes a database where it is missing; returns whether it was.
    async fn make(admin: &mut PgConnection, name: &str, template: &str) -> bool {
        let known = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
        let known = admin.fetch_optional(AssertSqlSafe(known)).await.unwrap();
        if known.is_none() {
            let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
            admin.execute(AssertSqlSafe(create)).await.unwrap();
        }
        known.is_none()
    }

    impl Drop for Database {
        fn drop(&mut self) {
            let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
            let server = self.server.clone();
            // The test's own runtime can't be waited on from within it.
            let dropped = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                runtime.block_on(async {
                    let mut admin = PgConnection::connect(&server).await?;
                    admin.execute(AssertSqlSafe(drop)).await?;
                    admin.close().await
                })
            })
            .join();
            if !std::thread::panicking() {
                dropped.unwrap().unwrap();
            }
        }
    }
}
