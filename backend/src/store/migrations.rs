//! The versions of the schema. A released one is never edited: a change is a further file.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// All versions, oldest first.
pub(super) fn migrator() -> Migrator {
    let version = |number, name, text: &'static str| {
        Migration::new(
            number,
            Cow::Borrowed(name),
            MigrationType::Simple,
            text.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(vec![
        version(
            1,
            "sandboxes",
            include_str!("../../migrations/0001_sandboxes.sql"),
        ),
        version(2, "jobs", include_str!("../../migrations/0002_jobs.sql")),
        version(
            3,
            "containers",
            include_str!("../../migrations/0003_containers.sql"),
        ),
        version(4, "keys", include_str!("../../migrations/0004_keys.sql")),
        version(
            5,
            "captures",
            include_str!("../../migrations/0005_captures.sql"),
        ),
        version(
            6,
            "agents",
            include_str!("../../migrations/0006_agents.sql"),
        ),
        version(
            7,
            "artifacts",
            include_str!("../../migrations/0007_artifacts.sql"),
        ),
    ])
}
