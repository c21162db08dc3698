//! What the store promises, on every database that it runs on.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod contract;
#[path = "../support/database.rs"]
mod support;

/// Runs each promise on SQLite, and with feature `system-tests` on PostgreSQL.
macro_rules! promises {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::contract::$name(super::support::TestDatabase::sqlite()).await;
            })*
        }

        #[cfg(feature = "system-tests")]
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::contract::$name(super::support::TestDatabase::postgres().await).await;
            })*
        }
    };
}

promises![
    everything_of_a_sandbox_is_kept,
    a_name_has_one_holder,
    phases_follow_their_order,
    events_are_numbered_without_gaps_under_concurrency,
    a_change_that_fails_leaves_no_number_behind,
    old_events_are_pruned_and_numbers_go_on,
    queries_find_what_they_should,
    images_in_use_are_those_of_the_host_and_engine,
    opening_at_once_is_harmless,
];
