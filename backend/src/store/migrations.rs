//! The versions of the schema. A released one is never edited: a change is a further file.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// All versions, oldest first.
pub(super) fn migrator() -> Migrator {
    Migrator::with_migrations(vec![Migration::new(
        1,
        Cow::Borrowed("sandboxes"),
        MigrationType::Simple,
        include_str!("../../migrations/0001_sandboxes.sql").into_sql_str(),
        false,
    )])
}
