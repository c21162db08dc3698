//! A supervisor's work while the program runs.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use ctnr_engine::OutputStream;
use ctnr_model::ExitStatus;
use jiff::Timestamp;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::thread::UnshareFlags;
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};

use super::CONTROL_SOCKET;
use super::control;
use super::detached::Detached;
use super::output::pump;
use super::sockets;
use super::spawn::{fork_alone, leave};
use super::start::Started;
use crate::cgroup::Cgroup;
use crate::failure::Doing;
use crate::ports::{self, SocketOpener, Target};
use crate::process::{Forked, PidFd, close_all_but, enter_sandbox, own_pids, wait};
use crate::protocol::{Failure, IdMap, Report, SandboxRecord};
use crate::record;
use crate::rootfs::MountedRoot;
use crate::stream::register;
use crate::wire::Channel;

/// How long output is still read after the program has ended: everything in the sandbox is dead
/// by then, so what is in the pipes is all there is.
const DRAIN: Duration = Duration::from_secs(2);

/// How long callers are given to read their last answers.
const FAREWELL: Duration = Duration::from_secs(2);

/// How often a supervisor looks whether its sandbox still exists.
const LOOK: Duration = Duration::from_secs(10);

/// What the tasks of a supervisor share.
pub(super) struct Sandbox {
    pub(super) record: SandboxRecord,
    pub(super) init: PidFd,
    pub(super) cgroup: Option<Cgroup>,
    /// The supervisor's own namespace of process ids.
    pub(super) own_pids: OwnedFd,
    pub(super) target: Target,
    pub(super) detached: Detached,
    /// The sandbox's root, where this process has mounted it. With its last descriptor the kernel takes
    /// it down, and before that writes back all of the file system that the sandbox's directory is on.
    pub(super) root: RefCell<Option<MountedRoot>>,
    /// Whether the sandbox is being deleted: then nobody will ask how it ended.
    pub(super) discarded: Cell<bool>,
    /// How the program ended, once it has.
    pub(super) ended: watch::Receiver<Option<SandboxRecord>>,
}

impl Sandbox {
    /// How many processes of the sandbox the memory limit has ended so far.
    pub(super) fn oom_kills(&self) -> u64 {
        self.cgroup.as_ref().map_or(0, Cgroup::oom_kills)
    }
}

/// How a supervisor's work ended.
pub(super) enum End {
    /// An engine knows of the sandbox, or will.
    Known,
    /// The sandbox's directory is gone, and with it all that engines know of.
    Forgotten,
}

/// Serves until the program has ended and all is written down.
pub(super) fn serve(started: Started, lifeline: UnixStream) -> io::Result<End> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, serve_in_runtime(started, lifeline))
}

async fn serve_in_runtime(started: Started, lifeline: UnixStream) -> io::Result<End> {
    let directory = started.record.root.dir.clone();
    let socket = directory.join(CONTROL_SOCKET);
    let lifeline = Channel::new(lifeline)?;
    let listener = match announce(&directory, &started.record) {
        Ok(listener) => listener,
        Err(failure) => {
            started.init.kill()?;
            wait_for(started.init).await?;
            let _ = lifeline.sender.send(&Report::Failed(failure), &[]).await;
            return Ok(End::Forgotten);
        }
    };
    // An engine that has died asks again over the control socket.
    let _ = lifeline
        .sender
        .send(&Report::Launched(started.record.clone()), &[])
        .await;

    let (ended_sender, ended) = watch::channel(None);
    let log = Rc::new(RefCell::new(started.log));
    let mut pumps = JoinSet::new();
    pumps.spawn_local(pump(started.stdout, OutputStream::Stdout, Rc::clone(&log)));
    pumps.spawn_local(pump(started.stderr, OutputStream::Stderr, log));
    let target = target(&started.record, &started.init, started.netns)?;
    let forwarding = tokio::task::spawn_local(ports::serve(started.listeners, target.clone()));

    let sandbox = Rc::new(Sandbox {
        record: started.record,
        init: started.init,
        cgroup: started.cgroup,
        own_pids: own_pids()?,
        target,
        detached: Detached::default(),
        root: RefCell::new(started.root),
        discarded: Cell::default(),
        ended,
    });
    sockets::broker(&sandbox, started.listener);
    let mut connections = JoinSet::new();
    let mut looks = tokio::time::interval(LOOK);
    let exit = wait_for(sandbox.init.try_clone()?);
    tokio::pin!(exit);
    let mut end = End::Known;
    let exit = loop {
        tokio::select! {
            exit = &mut exit => break exit?,
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                connections.spawn_local(control::answer(Rc::clone(&sandbox), stream.into_std()?));
            }
            Some(_) = connections.join_next() => {}
            // An engine that died while this sandbox was starting was never told of it, and the
            // next one has thrown its directory away.
            _ = looks.tick() => if !directory.exists() && !sandbox.discarded.get() {
                end = End::Forgotten;
                sandbox.init.kill()?;
            },
        }
    };

    // The ports are free when the end is told: the sandbox may be started again at once.
    forwarding.abort();
    let _ = forwarding.await;
    let drained = async { while pumps.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(DRAIN, drained).await;
    let record = finish(&sandbox, exit);
    let _ = fs::remove_file(&socket);
    let _ = ended_sender.send(Some(record.clone()));
    let _ = lifeline.sender.send(&Report::Ended(record), &[]).await;
    let answered = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(FAREWELL, answered).await;
    Ok(end)
}

/// Lets an engine that comes later find the sandbox.
fn announce(directory: &Path, record: &SandboxRecord) -> Result<UnixListener, Failure> {
    let listener = listen(directory).doing("listening in the sandbox's directory")?;
    record::write(directory, record).doing("writing down that the sandbox runs")?;
    Ok(listener)
}

/// Where connections to the sandbox's ports go. An ordinary user can't come back from another
/// network namespace, so a process that stays inside makes the sockets then.
fn target(record: &SandboxRecord, init: &PidFd, netns: OwnedFd) -> io::Result<Target> {
    if matches!(record.root.ids, IdMap::Range { .. }) {
        return Ok(Target::new(netns, record.link.as_ref()));
    }
    let (ours, theirs) = socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )?;
    match fork_alone(UnshareFlags::empty(), None)? {
        Forked::Child => {
            let served = close_all_but(&[init.as_fd(), theirs.as_fd()])
                .and_then(|()| enter_sandbox(init))
                .and_then(|()| ports::serve_opener(theirs.as_fd()));
            leave(i32::from(served.is_err()))
        }
        Forked::Parent(child) => {
            tokio::task::spawn_local(wait_for(child));
            Ok(Target::through(SocketOpener::Helper(ours), None))
        }
    }
}

/// Listens in the sandbox's directory, by a relative path: an absolute one may be longer than a
/// socket's address can be (`unix(7)`).
fn listen(directory: &Path) -> io::Result<UnixListener> {
    std::env::set_current_dir(directory)?;
    match fs::remove_file(CONTROL_SOCKET) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    UnixListener::bind(CONTROL_SOCKET)
}

/// Waits for a child's end and reaps it.
pub(super) async fn wait_for(child: PidFd) -> io::Result<ExitStatus> {
    let child = register(child)?;
    let _ended = child.readable().await?;
    wait(child.get_ref())
}

/// Takes the root down, so that another start may mount it, and writes down how the program ended.
/// Both take milliseconds, and are left out where the sandbox is being deleted. The engine removes
/// the control group, which this process may be in.
fn finish(sandbox: &Sandbox, exit: ExitStatus) -> SandboxRecord {
    let oom_killed = exit.signal == Some(libc::SIGKILL) && sandbox.oom_kills() > 0;
    let ended = Some((Timestamp::now(), ExitStatus { oom_killed, ..exit }));
    let record = SandboxRecord {
        ended,
        ..sandbox.record.clone()
    };
    if !sandbox.discarded.get() {
        drop(sandbox.root.take());
        // The engine is told in any case; only one that comes later would not know.
        if let Err(error) = record::write(&record.root.dir, &record) {
            tracing::error!(sandbox = record.id.short(), %error, "how the sandbox ended could not be written down");
        }
    }
    record
}
