//! What engine, launcher and supervisors say to each other.
//!
//! ```text
//!  engine ── Launch + socket ──▶ launcher ── fork ──▶ supervisor
//!  engine ◀──────── Launched, then Ended ──────────── supervisor   (the lifeline: that socket)
//!  engine ── Request ──▶ control.sock ──────────────▶ supervisor   (a connection a request)
//!  engine ◀───────── Reply, … ───────────────────────  supervisor
//! ```

use std::path::PathBuf;

use ctnr_engine::{ExecInfo, ExecSpec, OutputStream, TerminalSize};
use ctnr_model::{
    ContainerPort, Digest, ExecId, ExitStatus, HostMount, LayerId, Limits, PortRequest, Process,
    PublishedPort, SandboxId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::network::LinkPlan;

/// To the launcher, with the lifeline's far end as its descriptor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Launch {
    /// Fork a supervisor for a sandbox.
    Sandbox(Box<SandboxLaunch>),
    /// Fork a process that serves the files of a sandbox that does not run.
    Files(RootLaunch),
}

/// The root file system of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RootLaunch {
    /// The sandbox's directory on the host.
    pub(crate) dir: PathBuf,
    /// The image's unpacked layers, lowest first.
    pub(crate) layers: Vec<PathBuf>,
    /// Layers over the image's, lowest first.
    #[serde(default)]
    pub(crate) stacked: Vec<StackedLayer>,
    /// Directories of the host, in the order in which they are put in their places.
    #[serde(default)]
    pub(crate) mounts: Vec<MountLaunch>,
    /// The first of the host's user and group ids that the sandbox's are mapped to.
    pub(crate) ids: IdMap,
}

/// Files of a layer over the image's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StackedLayer {
    /// The layer.
    pub(crate) id: LayerId,
    /// Its files on the host.
    pub(crate) path: PathBuf,
    /// Which ids of the host its files have on the disk.
    pub(crate) ids: IdMap,
}

/// A directory of the host in a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MountLaunch {
    /// What was asked for.
    pub(crate) mount: HostMount,
    /// With copy on write, what the sandbox's layers have written to it, lowest first.
    pub(crate) written: Vec<StackedLayer>,
}

/// How many ids a sandbox has where the engine has the right to map more than one.
pub(crate) const ID_COUNT: u32 = 65_536;

/// How the user and group ids of a sandbox map to the host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum IdMap {
    /// 0 to 65,535 to as many from `first` on; needs privilege.
    Range {
        /// The host's id of the sandbox's root.
        first: u32,
    },
    /// Root alone, to the user that runs the engine.
    Single {
        /// The user's id on the host.
        uid: u32,
        /// The group's id on the host.
        gid: u32,
    },
}

impl IdMap {
    /// The host's id of the sandbox's root, where the sandbox has a range.
    pub(crate) fn first(self) -> Option<u32> {
        match self {
            Self::Range { first } => Some(first),
            Self::Single { .. } => None,
        }
    }
}

/// Everything a supervisor needs to start a sandbox.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SandboxLaunch {
    /// The sandbox.
    pub(crate) id: SandboxId,
    /// Its number, unique among the sandboxes of this host; it gives addresses and link name.
    pub(crate) index: u32,
    /// Its root file system.
    pub(crate) root: RootLaunch,
    /// The image's id, for the state file.
    pub(crate) image_id: Digest,
    /// The signal that asks the program to end.
    pub(crate) stop_signal: i32,
    /// The program.
    pub(crate) process: Process,
    /// The host name.
    pub(crate) hostname: String,
    /// Ports to publish; fixed ones on a start after the first.
    pub(crate) ports: Vec<PortRequest>,
    /// Limits.
    pub(crate) limits: Limits,
    /// The network.
    pub(crate) network: NetworkLaunch,
    /// Its control group, below each hierarchy's root; `None` where the engine may make none.
    pub(crate) cgroup: Option<String>,
}

/// How a sandbox is connected.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NetworkLaunch {
    /// The link to make, where it has one.
    pub(crate) link: Option<LinkPlan>,
    /// The sandbox's `/etc/resolv.conf`.
    pub(crate) resolv_conf: String,
}

impl NetworkLaunch {
    /// The sandbox's addresses, IPv4 first.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.link.map_or_else(Vec::new, |link| {
            let v6 = link.ipv6().map(|_| link.sandbox_v6().to_string());
            std::iter::once(link.sandbox_v4().to_string())
                .chain(v6)
                .collect()
        })
    }
}

/// From a supervisor over the lifeline.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// The program has been executed.
    Launched(SandboxRecord),
    /// It was not, and nothing of the attempt is left but the sandbox's directory.
    Failed(Failure),
    /// The program has ended, its log is complete, and the state file says so.
    Ended(SandboxRecord),
}

/// A sandbox as its state file tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SandboxRecord {
    /// The form of this file.
    pub(crate) version: u32,
    /// The sandbox.
    pub(crate) id: SandboxId,
    /// Its number on this host.
    pub(crate) index: u32,
    /// The host's boot that `pid` belongs to.
    pub(crate) boot_id: String,
    /// The supervisor.
    pub(crate) supervisor: u32,
    /// The first process, as the host numbers it.
    pub(crate) pid: u32,
    /// When that process started, in clock ticks since boot, which makes the pid unique.
    pub(crate) pid_started: u64,
    /// Published ports.
    pub(crate) ports: Vec<PublishedPort>,
    /// The image.
    pub(crate) image_id: Digest,
    /// The signal that asks the program to end.
    pub(crate) stop_signal: i32,
    /// The program.
    pub(crate) process: Process,
    /// The sandbox's root file system.
    pub(crate) root: RootLaunch,
    /// Its control group, where it has one.
    pub(crate) cgroup: Option<String>,
    /// Its link, where it has one.
    pub(crate) link: Option<LinkPlan>,
    /// When the program was started.
    pub(crate) started_at: Timestamp,
    /// When and how it ended.
    pub(crate) ended: Option<(Timestamp, ExitStatus)>,
}

/// Why something failed, by what the caller can do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Failure {
    /// The host's port is in use.
    PortTaken(ContainerPort, u16),
    /// The program does not exist.
    CommandNotFound(String),
    /// The program can't be executed, and why.
    CommandNotExecutable(String, String),
    /// The image or the request is wrong.
    Bad(String),
    /// There is no such command.
    ExecNotFound(ExecId),
    /// The sandbox's program has ended.
    NotRunning,
    /// The sandbox has as many processes as it may.
    Full,
    /// Nothing answers at the sandbox's port, and why.
    Unreachable(u16, String),
    /// What was being done, and why it failed.
    Other(String, String),
    /// What was being done when the host's disk was full.
    DiskFull(String),
}

/// To a supervisor, one a connection.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Send the program its stop signal, and SIGKILL after so many milliseconds.
    Stop {
        /// Milliseconds.
        grace_ms: u64,
    },
    /// Kill everything in the sandbox at once: it is being deleted. Its root comes with the answer as a
    /// descriptor, where the supervisor has it.
    Discard,
    /// Answer when the program has ended.
    Watch,
    /// Run a command.
    ///
    /// Attached with pipes, the request carries its three standard streams as descriptors, and
    /// closing the connection kills it.
    Exec(Box<ExecSpec>),
    /// Join a detached command.
    Attach(ExecId),
    /// List the detached commands.
    Execs,
    /// Signal a detached command.
    Signal(ExecId, i32),
    /// Set the size of a detached command's terminal.
    Resize(ExecId, TerminalSize),
    /// Serve the sandbox's files on the descriptor that comes with the request.
    Files,
    /// Open a connection to a TCP port in the sandbox and hand over its descriptor.
    Connect(u16),
}

/// On the connection of an exec or attach, after the request.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ExecInput {
    /// Bytes for standard input, of a detached command; none of them is its end.
    Stdin(Vec<u8>),
    /// A signal for the process group.
    Signal(i32),
    /// The terminal's size.
    Resize(TerminalSize),
}

/// From a supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// It is done.
    Done,
    /// It failed.
    Failed(Failure),
    /// The program has ended.
    Ended(Box<SandboxRecord>),
    /// The command runs, with this process id on the host. With a terminal and attached, the
    /// terminal's descriptor comes with it.
    Started(u32),
    /// Output of a detached command.
    Output(OutputStream, Vec<u8>),
    /// The command ended.
    Exited(ExitStatus),
    /// The detached commands.
    Execs(Vec<ExecInfo>),
}
