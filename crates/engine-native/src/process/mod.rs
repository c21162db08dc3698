//! Making processes and giving them their rights: thin wrappers over Linux system calls.

mod clone;
mod command;
mod credentials;
mod descriptors;
mod exit;
mod id_map;
mod namespaces;
mod oom;
mod pidfd;
mod usage;
mod user;

pub(crate) use clone::{Forked, fork};
pub(crate) use command::{ExecFailure, PreparedCommand, close_all_but};
pub(crate) use credentials::{become_root_of_namespace, drop_privileges};
pub(crate) use descriptors::{
    original_descriptor_limit, raise_descriptor_limit, restore_descriptor_limit,
    set_original_descriptor_limit,
};
pub(crate) use exit::{wait, wait_alone};
pub(crate) use id_map::{IdRun, mapping_namespace, mapping_namespaces};
pub(crate) use namespaces::{
    enter_pids_of, enter_sandbox, forking_into_pids_of, in_own_mounts, new_cgroup_namespace,
    own_pids,
};
pub(crate) use oom::{prefer_for_oom, prefer_self_for_oom};
pub(crate) use pidfd::{PidFd, signal_from_raw, start_time};
pub(crate) use usage::{descendants, host_processors, resident, usage_of, usage_of_ended_children};
pub(crate) use user::{ResolvedUser, resolve as resolve_user};
