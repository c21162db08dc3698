//! The first process of a sandbox, from the fork to its program.
//!
//! It runs ctnr's own code inside the sandbox's new namespaces, builds what the sandbox sees, gives
//! up every right that programs there don't have, and becomes the program. No code of the image
//! runs before that, and nothing of the host can be named by it after.

mod root;

pub(crate) use root::{enter_root, send_root};

use std::convert::Infallible;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{
    DumpableBehavior, Signal, set_dumpable_behavior, set_parent_process_death_signal,
};
use serde::{Deserialize, Serialize};

use ctnr_model::{ContainerPath, EnvVar, Process};

use crate::failure::Doing;
use crate::network;
use crate::process::{
    ExecFailure, PreparedCommand, ResolvedUser, become_root_of_namespace, close_all_but,
    drop_privileges, new_cgroup_namespace, resolve_user, restore_descriptor_limit,
};
use crate::protocol::{Failure, IdMap, SandboxLaunch};
use crate::rootfs::{DeviceNodes, mask_paths, mount_system, pivot, write_network_files};
use crate::wire;

/// What a process on its way into a program tells the supervisor, over their socket. The end of
/// the stream after [`Report::Executing`] means that the program runs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// The program is this process, a child of the one that was forked.
    Pid(u32),
    /// The master of the command's terminal comes along.
    Terminal,
    /// All is set up, and the program comes next. The listener of its filter comes along, where it has
    /// one.
    Executing,
    /// It failed.
    Failed(Failure),
}

/// What the supervisor tells the first process, over their socket.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Step {
    /// The ids are mapped. With privilege, the root comes along as a descriptor.
    Mapped,
    /// Directories of the host come along, as many as fit.
    Mounts,
    /// The network is there.
    Connected,
}

/// Becomes the sandbox's program. Returns only where that failed.
pub(crate) fn run(
    launch: &SandboxLaunch,
    in_cgroup_v2: bool,
    supervisor: BorrowedFd<'_>,
    stdio: [BorrowedFd<'_>; 3],
) -> Result<Infallible, Failure> {
    // Nothing else of the supervisor's is at hand in here, whatever a path of the image names.
    let [stdin, stdout, stderr] = stdio;
    close_all_but(&[supervisor, stdin, stdout, stderr])
        .doing("closing the supervisor's descriptors")?;
    let devices = DeviceNodes::open()?;
    let (Step::Mapped, fds) = next(supervisor)? else {
        return Err(out_of_step());
    };
    // What is in a sandbox can't trace or read this process, not even on its way in. It comes
    // after the id maps are written, which the kernel allows the owner of a dumpable process only.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).doing("closing the process to tracing")?;
    become_root_of_namespace().doing("becoming root of the sandbox")?;
    let mapped = matches!(launch.root.ids, IdMap::Range { .. });
    new_cgroup_namespace().doing("making a control group namespace")?;
    let root = enter_root(supervisor, &launch.root, fds)?;
    mount_system(root.as_fd(), devices, mapped, in_cgroup_v2)?;
    pivot(root.as_fd())?;
    rustix::system::sethostname(launch.hostname.as_bytes()).doing("setting the host name")?;

    if !mapped {
        // Nobody outside may enter the namespace to do this.
        network::loopback_here().doing("setting up the sandbox's loopback")?;
    }
    set_network_settings();
    let inside = open(
        "/",
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .doing("opening the sandbox's root")?;
    mask_paths(inside.as_fd())?;
    let network = &launch.network;
    write_network_files(&launch.hostname, &network.addresses(), &network.resolv_conf);
    let hostname = EnvVar::new("HOSTNAME", &launch.hostname).doing("naming the sandbox")?;
    make_workdir(&launch.process.workdir)?;
    // The supervisor has made the link meanwhile, on another processor.
    let (Step::Connected, _) = next(supervisor)? else {
        return Err(out_of_step());
    };
    become_program(&launch.process, &[hostname], supervisor, stdio)
}

/// Takes a process that is inside a sandbox, with all rights there, to a program with none.
///
/// `extra` are variables that the process's own environment goes before.
pub(crate) fn become_program(
    process: &Process,
    extra: &[EnvVar],
    supervisor: BorrowedFd<'_>,
    stdio: [BorrowedFd<'_>; 3],
) -> Result<Infallible, Failure> {
    let user = resolve_user(&process.user).map_err(|error| Failure::Bad(error.to_string()))?;
    let mut env = process.env.clone();
    let home = EnvVar::new("HOME", &user.home).doing("setting HOME")?;
    for var in extra.iter().chain([&home]) {
        if !env.iter().any(|known| known.name() == var.name()) {
            env.push(var.clone());
        }
    }
    let command = PreparedCommand::new(&process.args, &env)
        .map_err(|_| Failure::Bad("a command must not contain a NUL character".to_owned()))?;
    enter_workdir(&process.workdir)?;
    restore_descriptor_limit();
    drop_privileges(&user).map_err(|error| privileges_failure(&error, &user))?;
    // Set after the ids, which reset it: without its supervisor nobody would log or reap it.
    set_parent_process_death_signal(Some(Signal::KILL)).doing("tying to the supervisor")?;
    let listener = crate::seccomp::install().doing("installing the system call filter")?;
    let listener: Vec<_> = listener.iter().map(AsFd::as_fd).collect();
    wire::send(supervisor, &Report::Executing, &listener).doing("answering the supervisor")?;
    command.execute(stdio).map_err(|failure| match failure {
        ExecFailure::NotFound(program) => Failure::CommandNotFound(program),
        ExecFailure::NotExecutable(program, error) => {
            Failure::CommandNotExecutable(program, error.to_string())
        }
    })
}

fn privileges_failure(error: &io::Error, user: &ResolvedUser) -> Failure {
    // The kernel's word for an id that the namespace does not map.
    if error.kind() == io::ErrorKind::InvalidInput {
        let ResolvedUser { uid, gid, .. } = user;
        return Failure::Bad(format!(
            "user {uid} with group {gid} does not exist in this sandbox: run by an ordinary user, the engine has root alone, and run by root it has 0 to 65535"
        ));
    }
    Failure::Other("giving up privileges".to_owned(), error.to_string())
}

/// Makes the working directory where it is missing, as Docker does for a sandbox's program.
fn make_workdir(workdir: &ContainerPath) -> Result<(), Failure> {
    match std::fs::create_dir_all(workdir.as_str()) {
        // What is there already is judged when it is entered.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(Failure::Bad(format!(
            "can't make the working directory {workdir}: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Enters the working directory.
///
/// It has to be inside the root: a directory that the kernel can't name from here would be one
/// that a descriptor of the host leaked (CVE-2024-21626).
fn enter_workdir(workdir: &ContainerPath) -> Result<(), Failure> {
    let bad = |error: io::Error| {
        Failure::Bad(format!(
            "can't enter the working directory {workdir}: {error}"
        ))
    };
    std::env::set_current_dir(workdir.as_str()).map_err(bad)?;
    let name = rustix::process::getcwd(Vec::new()).map_err(|errno| bad(errno.into()))?;
    if name.as_bytes().starts_with(b"/") {
        Ok(())
    } else {
        Err(bad(io::Error::other("it is outside of the sandbox")))
    }
}

/// Lets programs use low ports and ping without a capability, in their own network namespace.
/// A kernel without a setting does without.
fn set_network_settings() {
    for (name, value) in [
        ("ip_unprivileged_port_start", "0"),
        ("ping_group_range", "0 65535"),
    ] {
        if let Err(error) = std::fs::write(format!("/proc/sys/net/ipv4/{name}"), value) {
            tracing::debug!(name, %error, "a network setting was not made");
        }
    }
}

/// Waits for the supervisor's next step.
fn next(supervisor: BorrowedFd<'_>) -> Result<(Step, Vec<OwnedFd>), Failure> {
    wire::recv(supervisor)
        .doing("waiting for the supervisor")?
        .ok_or_else(|| Failure::Other("waiting for the supervisor".into(), "it is gone".into()))
}

fn out_of_step() -> Failure {
    Failure::Other(
        "waiting for the supervisor".into(),
        "it is out of step".into(),
    )
}
