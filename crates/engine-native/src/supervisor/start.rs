//! From a request to a running program.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::thread::UnshareFlags;

use super::spawn::{fork_alone, in_child, wait_until_executed};
use crate::cgroup::Cgroup;
use crate::failure::Doing;
use crate::init::{self, Step};
use crate::log::LogWriter;
use crate::network;
use crate::ports::{self, Listener, PortError};
use crate::process::{Forked, PidFd, prefer_for_oom, start_time, wait};
use crate::protocol::{Failure, ID_COUNT, IdMap, RootLaunch, SandboxLaunch, SandboxRecord};
use crate::record;
use crate::rootfs::{self, MountedRoot};
use crate::wire;

/// How long a first process that fails has for its end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A sandbox whose program runs.
pub(super) struct Started {
    pub(super) record: SandboxRecord,
    pub(super) init: PidFd,
    pub(super) cgroup: Option<Cgroup>,
    pub(super) listeners: Vec<Listener>,
    pub(super) netns: OwnedFd,
    /// The root, where this process has mounted it.
    pub(super) root: Option<MountedRoot>,
    /// The listener of its filter, where that asks.
    pub(super) listener: Option<OwnedFd>,
    pub(super) log: LogWriter,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

/// Starts the sandbox's program. Where that fails, its processes and ports are gone again; the
/// control group, which this process may be in, is the engine's to remove.
pub(super) fn start(launch: &SandboxLaunch) -> Result<Started, Failure> {
    let listeners = ports::bind(&launch.ports).map_err(port_failure)?;
    prepare_directories(&launch.root)?;
    let cgroup = match &launch.cgroup {
        Some(name) => {
            Some(Cgroup::create(name, &launch.limits).doing("setting the sandbox's limits")?)
        }
        None => None,
    };
    if let Some(cgroup) = &cgroup {
        cgroup
            .join()
            .doing("putting the sandbox under its limits")?;
    }
    start_in(launch, cgroup, listeners)
}

fn start_in(
    launch: &SandboxLaunch,
    cgroup: Option<Cgroup>,
    listeners: Vec<Listener>,
) -> Result<Started, Failure> {
    let log = LogWriter::open(&launch.root.dir).doing("opening the sandbox's log")?;
    let pipe = || pipe_with(PipeFlags::CLOEXEC).doing("making a pipe for the program's output");
    let ((stdout, stdout_end), (stderr, stderr_end)) = (pipe()?, pipe()?);
    let (ours, theirs) = socketpair(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )
    .doing("making a socket to the sandbox")?;

    let namespaces = UnshareFlags::NEWUSER
        | UnshareFlags::NEWNS
        | UnshareFlags::NEWPID
        | UnshareFlags::NEWNET
        | UnshareFlags::NEWIPC
        | UnshareFlags::NEWUTS;
    let group = cgroup.as_ref().and_then(Cgroup::fork_target);
    let in_v2 = cgroup.as_ref().is_some_and(Cgroup::is_visible_inside);
    let init = match fork_alone(namespaces, group).doing("making the sandbox's namespaces")? {
        Forked::Child => {
            drop(ours);
            in_child(theirs.as_fd(), || {
                let null = fs::File::open("/dev/null").doing("opening /dev/null")?;
                let stdio = [null.as_fd(), stdout_end.as_fd(), stderr_end.as_fd()];
                init::run(launch, in_v2, theirs.as_fd(), stdio)
            })
        }
        Forked::Parent(init) => init,
    };
    drop((theirs, stdout_end, stderr_end));

    let running = match guide(launch, &init, &ours) {
        Ok((netns, root)) => wait_until_executed(&ours).map(|listener| (netns, root, listener)),
        // The image's or the request's fault, of which the first process knows nothing.
        Err(failure @ Failure::Bad(_)) => Err(failure),
        // What fails here may do so because the first process has failed: then it says why. Its
        // namespaces go a moment before it has ended.
        Err(failure) => Err(init
            .ends_within(LAST_WORDS)
            .then(|| wait_until_executed(&ours).err())
            .flatten()
            .unwrap_or(failure)),
    };
    match running {
        Ok((netns, root, listener)) => {
            let record = make_record(launch, &init, &listeners)?;
            Ok(Started {
                record,
                init,
                cgroup,
                listeners,
                netns,
                root,
                listener,
                log,
                stdout,
                stderr,
            })
        }
        Err(failure) => {
            let _ = init.kill();
            let _ = wait(&init);
            Err(failure)
        }
    }
}

/// Takes the first process through its steps until all is there that its program needs.
fn guide(
    launch: &SandboxLaunch,
    init: &PidFd,
    socket: &OwnedFd,
) -> Result<(OwnedFd, Option<MountedRoot>), Failure> {
    let pid = init.pid();
    map_ids(pid, launch.root.ids).doing("mapping the sandbox's user ids")?;
    prefer_for_oom(pid).doing("preparing the sandbox's first process")?;
    let namespace = |kind| {
        let path = format!("/proc/{pid}/ns/{kind}");
        fs::File::open(&path)
            .map(OwnedFd::from)
            .doing(format!("opening {path}"))
    };
    let users = match launch.root.ids {
        IdMap::Range { .. } => Some(namespace("user")?),
        IdMap::Single { .. } => None,
    };
    let root = init::send_root(socket, &launch.root, users.as_ref().map(AsFd::as_fd))?;
    let netns = namespace("net")?;
    connect(launch, &netns)?;
    wire::send(socket, &Step::Connected, &[]).doing("starting the sandbox's first process")?;
    Ok((netns, root))
}

fn connect(launch: &SandboxLaunch, netns: &OwnedFd) -> Result<(), Failure> {
    let doing = "connecting the sandbox's network";
    match &launch.network.link {
        Some(link) => network::attach(netns.as_fd(), link).doing(doing)?,
        None if matches!(launch.root.ids, IdMap::Range { .. }) => {
            network::loopback_only(netns.as_fd()).doing(doing)?;
        }
        // The first process does it itself.
        None => {}
    }
    Ok(())
}

/// Makes the directories of the writable layer, which belong to the sandbox's root user.
pub(super) fn prepare_directories(root: &RootLaunch) -> Result<(), Failure> {
    // Whether it was made, and not there already.
    let make = |name: &str, mode| match fs::DirBuilder::new().mode(mode).create(root.dir.join(name))
    {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        result => result
            .map(|()| true)
            .doing(format!("making the sandbox's {name} directory")),
    };
    make("work", 0o700)?;
    if !make("upper", 0o755)? {
        return Ok(());
    }
    let upper = root.dir.join("upper");
    match (root.stacked.last(), root.ids) {
        (Some(top), ids) => rootfs::imitate(&upper, top, ids),
        (None, IdMap::Range { first }) => chown(&upper, Some(first), Some(first)),
        (None, IdMap::Single { .. }) => Ok(()),
    }
    .doing("giving the sandbox its upper directory")
}

/// Maps the ids of a new user namespace (`user_namespaces(7)`).
pub(super) fn map_ids(pid: u32, ids: IdMap) -> io::Result<()> {
    let write =
        |file: &str, text: String| fs::write(Path::new(&format!("/proc/{pid}/{file}")), text);
    match ids {
        IdMap::Range { first } => {
            write("uid_map", format!("0 {first} {ID_COUNT}"))?;
            write("gid_map", format!("0 {first} {ID_COUNT}"))
        }
        IdMap::Single { uid, gid } => {
            write("setgroups", "deny".to_owned())?;
            write("uid_map", format!("0 {uid} 1"))?;
            write("gid_map", format!("0 {gid} 1"))
        }
    }
}

fn make_record(
    launch: &SandboxLaunch,
    init: &PidFd,
    listeners: &[Listener],
) -> Result<SandboxRecord, Failure> {
    Ok(SandboxRecord {
        version: record::VERSION,
        id: launch.id.clone(),
        index: launch.index,
        boot_id: record::boot_id().doing("reading the host's boot id")?,
        supervisor: std::process::id(),
        pid: init.pid(),
        // A program that has ended already is a zombie still, so its entry is there.
        pid_started: start_time(init.pid()).doing("reading when the program started")?,
        ports: ports::published(listeners),
        image_id: launch.image_id.clone(),
        stop_signal: launch.stop_signal,
        process: launch.process.clone(),
        root: launch.root.clone(),
        cgroup: launch.cgroup.clone(),
        link: launch.network.link,
        started_at: Timestamp::now(),
        ended: None,
    })
}

fn port_failure(error: PortError) -> Failure {
    match error {
        PortError::Taken {
            container,
            host_port,
        } => Failure::PortTaken(container, host_port),
        PortError::Socket { .. } => Failure::Other(
            "publishing the sandbox's ports".to_owned(),
            error.to_string(),
        ),
        error => Failure::Bad(error.to_string()),
    }
}
