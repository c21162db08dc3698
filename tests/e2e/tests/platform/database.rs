//! A database of a test's own on the PostgreSQL of `cargo xtask test`.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// The database, dropped with the value.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var("CTNR_TEST_POSTGRES")
            .expect("CTNR_TEST_POSTGRES is not set: run `cargo xtask test`");
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("e2e_{}_{count}", std::process::id());
        let database = Self { server, name };
        database.psql(&format!("CREATE DATABASE {}", database.name));
        database
    }

    fn psql(&self, sql: &str) {
        ctnr_e2e::run(Command::new("psql").args([&self.server, "--quiet", "--command", sql])).ok();
    }

    pub(crate) fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.psql(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}
