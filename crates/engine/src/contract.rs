//! The behaviours that every engine has, as tests.
//!
//! An engine's integration test names a function that makes a [`Setup`], and
//! [`contract_tests!`](crate::contract_tests) turns every behaviour into a test of its own:
//!
//! ```text
//! async fn setup() -> Setup { /* an engine that has no sandboxes */ }
//! ctnr_engine::contract_tests!(setup);
//! ```
//!
//! A behaviour that needs a [`Capability`](crate::Capability) which the engine lacks asserts that
//! the request is refused by that capability's name, so no test passes by doing nothing. After
//! each one its sandboxes are deleted, and [`SandboxEngine::list`](crate::SandboxEngine::list) has
//! to be empty.

mod bench;
mod echo;
mod host;
mod image;
mod sandbox;

pub mod attacks;
pub mod errors;
pub mod exec;
pub mod exec_detached;
pub mod exec_load;
pub mod exec_session;
pub mod files;
pub mod files_hostile;
pub mod files_optional;
pub mod images;
pub mod images_hostile;
pub mod isolation;
pub mod isolation_network;
pub mod layers;
pub mod layers_import;
pub mod life;
pub mod life_exit;
pub mod limits;
pub mod logs;
pub mod mounts;
pub mod ports;
pub mod stats;

pub use bench::{Bench, Setup, check};
pub use image::TestImage;
pub use sandbox::{Output, Sandbox};

/// Expands into one test for every behaviour. `$setup` is an async function without parameters
/// that returns a [`Setup`]; the crate needs `tokio` with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! contract_tests {
    ($setup:path) => {
        $crate::contract_tests! { @modules $setup;
            life {
                create_starts_the_program
                stop_lets_the_program_end
                stop_kills_after_the_grace
                stop_with_less_grace_goes_first
                start_goes_on_over_the_same_files
                delete_leaves_nothing
                many_at_once
                overrides_reach_the_program
            }
            life_exit {
                an_ending_program_is_told
                a_stop_is_told
                exit_code_and_log_stay
            }
            exec {
                streams_are_split
                exit_codes_are_passed_on
                a_missing_command_is_not_found
                a_file_that_is_no_program_is_not_executable
                environment_is_added
                working_directory_is_set
                user_is_set
                an_unknown_user_is_refused
            }
            exec_session {
                stdin_is_read_to_its_end
                without_stdin_there_is_an_end_of_file
                a_terminal_has_its_size
                a_terminals_output_is_never_framing
                a_signal_reaches_the_command
                a_dropped_session_kills
            }
            exec_detached {
                a_detached_command_outlives_its_session
                a_detached_command_is_joined
                a_detached_terminal_is_resized
                a_restart_forgets_detached_commands
                an_unknown_exec_is_not_found
            }
            exec_load {
                ten_megabytes_wait_for_a_slow_reader
                fifty_run_in_parallel
            }
            logs {
                a_log_is_followed_to_its_end
                streams_are_chosen
                the_tail_is_the_last_lines
                moments_bound_a_log
                long_lines_and_bytes_are_kept
            }
            files {
                a_written_file_is_read_back
                an_overwritten_file_keeps_mode_and_owner
                stat_tells_what_a_path_is
                a_directory_is_listed
                directories_are_made
                an_archive_is_extracted
                what_is_not_there_is_not_found
            }
            files_optional {
                files_are_moved_and_removed
                changes_are_watched
                a_stopped_sandbox_has_files
            }
            files_hostile {
                links_stay_inside
                writes_through_links_stay_inside
                link_loops_end
                archives_stay_inside
                hard_links_of_archives_stay_inside
            }
            ports {
                a_tcp_port_answers_on_both_loopbacks
                a_udp_port_answers
                a_fixed_port_is_that_port
                an_address_is_that_address
                a_taken_port_is_refused
                any_port_is_connected_to
            }
            limits {
                processes_are_limited
                memory_is_limited
            }
            stats {
                use_of_the_host_is_counted
                a_stopped_sandbox_uses_nothing
            }
            isolation {
                processes_are_its_own
                the_hostname_is_the_id
                the_hosts_files_are_not_there
                no_descriptor_is_inherited
                kernel_settings_are_read_only
                capabilities_are_few
                mounts_are_refused
            }
            attacks {
                a_program_by_descriptor_reaches_nothing
                a_working_directory_by_descriptor_leads_nowhere
                control_groups_stay_as_they_are
                links_in_the_place_of_the_engines_files
                a_flood_of_output_harms_nobody
                a_great_many_files_are_deleted
                volumes_of_an_image_are_nothing_of_the_hosts
            }
            isolation_network {
                the_hosts_loopback_is_not_reached
                sandboxes_do_not_reach_each_other
                without_network_nothing_is_reached
                ports_without_network
            }
            layers {
                a_frozen_sandbox_is_a_layer
                a_layer_is_shared
                a_layer_in_use_stays
                a_running_sandbox_is_not_frozen
                files_in_use_are_waited_for
            }
            layers_import {
                an_archive_is_a_layer
                hostile_archives_stay_in_their_layer
                a_layer_becomes_an_archive
                an_archive_has_what_is_taken
                a_hundred_layers_stack
            }
            mounts {
                a_read_only_directory_is_read
                a_directory_is_written_to
                others_files_are_nobodys
                a_copied_directory_stays_as_it_is
                a_source_is_a_directory_itself
                a_target_stays_inside
            }
            errors {
                an_unknown_image_is_not_found
                a_bad_command_leaves_nothing
                a_bad_user_leaves_nothing
                a_taken_name_is_refused
                an_unknown_sandbox_is_not_found
                a_stopped_sandbox_runs_nothing
                an_empty_command_is_refused
            }
            images {
                an_imported_image_is_there
                a_name_is_given_and_taken
                an_exported_image_is_the_same
                an_image_in_use_stays
                prune_removes_what_nothing_uses
                compressed_archives_are_taken
                oci_archives_are_taken
            }
            images_hostile {
                what_is_no_archive_is_refused
                what_is_no_name_is_refused
            }
        }
    };
    (@modules $setup:path; $($module:ident { $($behaviour:ident)* })*) => {
        $(
            mod $module {
                use super::*;
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $behaviour() {
                        $crate::contract::check(
                            $setup().await,
                            $crate::contract::$module::$behaviour,
                        )
                        .await;
                    }
                )*
            }
        )*
    };
}
