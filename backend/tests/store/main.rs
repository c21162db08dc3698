//! What the store promises, on every database that it runs on.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod blobs;
mod contract;
mod hosts;
mod jobs;
mod keys;
#[path = "../support/database.rs"]
mod support;

/// Runs each promise on SQLite, and with feature `system-tests` on PostgreSQL.
macro_rules! promises {
    ($($module:ident: [$($name:ident),* $(,)?]),* $(,)?) => {
        mod sqlite {
            $($(#[tokio::test]
            async fn $name() {
                super::$module::$name(super::support::TestDatabase::sqlite()).await;
            })*)*
        }

        #[cfg(feature = "system-tests")]
        mod postgres {
            $($(#[tokio::test]
            async fn $name() {
                super::$module::$name(super::support::TestDatabase::postgres().await).await;
            })*)*
        }
    };
}

promises! {
    blobs: [a_layer_is_known_by_its_bytes_while_it_is_there],
    contract: [
        everything_of_a_sandbox_is_kept,
        a_name_has_one_holder,
        phases_follow_their_order,
        events_are_numbered_without_gaps_under_concurrency,
        a_change_that_fails_leaves_no_number_behind,
        old_events_are_pruned_and_numbers_go_on,
        queries_find_what_they_should,
        images_in_use_are_those_of_the_host_and_engine,
        opening_at_once_is_harmless,
    ],
    jobs: [
        everything_of_a_job_is_kept,
        a_key_stands_for_one_job_of_a_kind,
        each_job_is_taken_once_under_concurrency,
        jobs_come_in_the_order_of_priority_and_age,
        a_lease_that_ran_out_is_taken_over_and_its_holder_refused,
        a_lease_that_is_kept_is_not_taken_over,
        what_fails_is_tried_again_until_it_is_a_dead_letter,
        a_job_that_kills_its_holders_is_given_up,
        cancelling_ends_what_waits_and_tells_what_runs,
        a_claimant_takes_only_what_its_hosts_can_do,
        pages_of_jobs_leave_nothing_out,
        only_jobs_that_are_over_are_pruned,
    ],
    keys: [
        a_key_is_kept_until_it_is_removed,
        names_of_keys_are_unique_and_keys_are_not_too_many,
        the_use_of_a_key_goes_forward_and_makes_no_other_key,
        a_database_that_skipped_the_keys_gets_them,
    ],
    hosts: [
        hosts_and_workers_are_seen_while_they_say_so,
        an_agent_is_there_until_it_leaves_and_comes_back,
    ],
}
