//! Commands in the sandbox.

use std::convert::Infallible;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use ctnr_engine::{ExecSpec, Stdio};
use ctnr_model::{EnvVar, ExitStatus, Process};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{DumpableBehavior, Pid, kill_process_group, set_dumpable_behavior, setsid};
use rustix::thread::UnshareFlags;

use super::serve::{Sandbox, wait_for};
use super::sockets;
use super::spawn::{died_early, fork_alone, in_child, leave};
use crate::cgroup::Cgroup;
use crate::failure::Doing;
use crate::init::{Report, become_program};
use crate::process::{
    Forked, PidFd, become_root_of_namespace, close_all_but, enter_pids_of, enter_sandbox,
    forking_into_pids_of, prefer_self_for_oom, resolve_user, wait_alone,
};
use crate::protocol::{ExecInput, Failure, IdMap, Reply};
use crate::terminal;
use crate::wire::{self, Channel, Receiver, Sender};

/// A command that runs.
pub(super) struct Running {
    /// The child whose end is the command's.
    pub(super) child: PidFd,
    /// The command's process and group.
    pub(super) pid: u32,
    /// The master of its terminal.
    pub(super) terminal: Option<OwnedFd>,
}

/// Runs a command for a caller, whose descriptors it gets where it is attached with pipes.
pub(super) async fn run(
    sandbox: &Rc<Sandbox>,
    spec: ExecSpec,
    fds: Vec<OwnedFd>,
    sender: Sender,
    receiver: Receiver,
) -> io::Result<()> {
    if spec.detached {
        return match sandbox.detached.start(sandbox, spec).await {
            Ok(command) => command.attach(sender, receiver).await,
            Err(failure) => sender.send(&Reply::Failed(failure), &[]).await,
        };
    }
    let oom_kills = sandbox.oom_kills();
    match start(sandbox, &spec, fds).await {
        Ok(running) => attached(sandbox, running, oom_kills, sender, receiver).await,
        Err(failure) => sender.send(&Reply::Failed(failure), &[]).await,
    }
}

/// Stands by an attached command: passes signals on, tells its end, and kills it where its caller
/// is gone.
async fn attached(
    sandbox: &Sandbox,
    running: Running,
    oom_kills: u64,
    sender: Sender,
    mut receiver: Receiver,
) -> io::Result<()> {
    let pid = running.pid;
    let terminal = running.terminal;
    let fds: Vec<BorrowedFd<'_>> = terminal.iter().map(AsFd::as_fd).collect();
    let told = sender.send(&Reply::Started(pid), &fds).await;
    drop(terminal);
    let exit = wait_for(running.child);
    tokio::pin!(exit);
    let mut present = told.is_ok();
    if !present {
        kill_group(pid, libc::SIGKILL);
    }
    let exit: ExitStatus = loop {
        tokio::select! {
            exit = &mut exit => break exit?,
            input = receiver.recv::<ExecInput>(), if present => match input {
                Ok(Some((ExecInput::Signal(signal), _))) => kill_group(pid, signal),
                // A terminal's size is set by its holder, who is the caller.
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => {
                    present = false;
                    kill_group(pid, libc::SIGKILL);
                }
            },
        }
    };
    let oom_killed = exit.code == 128 + libc::SIGKILL && sandbox.oom_kills() > oom_kills;
    sender
        .send(&Reply::Exited(ExitStatus { oom_killed, ..exit }), &[])
        .await
}

/// Signals a command and all that it started and that stayed in its group.
pub(super) fn kill_group(pid: u32, signal: i32) {
    let group = i32::try_from(pid).ok().and_then(Pid::from_raw);
    if let (Some(group), Some(signal)) = (group, crate::process::signal_from_raw(signal)) {
        // One that has just ended is no error.
        let _ = kill_process_group(group, signal);
    }
}

/// Starts a command, with `fds` as its standard streams or a terminal of its own, and returns
/// when its program runs.
pub(super) async fn start(
    sandbox: &Rc<Sandbox>,
    spec: &ExecSpec,
    fds: Vec<OwnedFd>,
) -> Result<Running, Failure> {
    if sandbox.ended.borrow().is_some() || sandbox.init.has_ended() {
        return Err(Failure::NotRunning);
    }
    let process = process_of(&sandbox.record.process, spec);
    let (ours, theirs) = socketpair(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )
    .doing("making a socket to the command")?;
    let group = sandbox.cgroup.as_ref().and_then(Cgroup::fork_target);
    let fork_command = || match fork_alone(UnshareFlags::empty(), group) {
        Ok(Forked::Child) => in_child(theirs.as_fd(), || {
            become_command(sandbox, spec, &process, &theirs, &fds)
        }),
        Ok(Forked::Parent(child)) => Ok(child),
        Err(error) => Err(error),
    };
    let forked = if is_privileged(sandbox) {
        forking_into_pids_of(&sandbox.init, sandbox.own_pids.as_fd(), fork_command)
            .doing("joining the sandbox's processes")?
    } else {
        fork_command()
    };
    let child = match forked {
        Ok(child) => child,
        // The kernel's word for a sandbox whose first process has ended.
        Err(error) if error.raw_os_error() == Some(libc::ENOMEM) => {
            return Err(Failure::NotRunning);
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(Failure::Full),
        Err(error) => return Err(error).doing("forking the command"),
    };
    drop((theirs, fds));
    match wait_until_executed(ours).await {
        Ok(Executed {
            pid,
            terminal,
            listener,
        }) => {
            sockets::broker(sandbox, listener);
            let pid = pid.unwrap_or_else(|| child.pid());
            Ok(Running {
                child,
                pid,
                terminal,
            })
        }
        Err(failure) => {
            let _ = child.kill();
            let _ = wait_for(child).await;
            Err(failure)
        }
    }
}

/// The sandbox's process with what the command changes.
fn process_of(base: &Process, spec: &ExecSpec) -> Process {
    let mut env = base.env.clone();
    for var in &spec.env {
        match env.iter_mut().find(|known| known.name() == var.name()) {
            Some(known) => *known = var.clone(),
            None => env.push(var.clone()),
        }
    }
    Process {
        args: spec.cmd.clone(),
        env,
        workdir: spec.workdir.clone().unwrap_or_else(|| base.workdir.clone()),
        user: spec.user.clone().unwrap_or_else(|| base.user.clone()),
    }
}

/// In the forked child: moves into the sandbox and becomes the command.
fn become_command(
    sandbox: &Sandbox,
    spec: &ExecSpec,
    process: &Process,
    supervisor: &OwnedFd,
    fds: &[OwnedFd],
) -> Result<Infallible, Failure> {
    // Nothing else of the supervisor's is at hand in there, whatever a path of the sandbox names.
    let mut kept = vec![sandbox.init.as_fd(), supervisor.as_fd()];
    kept.extend(fds.iter().map(AsFd::as_fd));
    close_all_but(&kept).doing("closing the supervisor's descriptors")?;
    prefer_self_for_oom().doing("preparing the command")?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).doing("closing the process to tracing")?;
    enter_sandbox(&sandbox.init).doing("entering the sandbox")?;
    if !is_privileged(sandbox) {
        fork_into_pids(sandbox, supervisor)?;
    }
    become_root_of_namespace().doing("becoming root of the sandbox")?;
    setsid().doing("making a session for the command")?;
    let hostname = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    let mut extra = vec![EnvVar::new("HOSTNAME", &hostname).doing("naming the sandbox")?];
    match (spec.stdio, fds) {
        (Stdio::Terminal(size), _) => {
            let doing = "opening a terminal";
            let (master, end) = terminal::open_pair(size).doing(doing)?;
            let user =
                resolve_user(&process.user).map_err(|error| Failure::Bad(error.to_string()))?;
            terminal::give(&end, user.uid).doing(doing)?;
            terminal::control(&end).doing(doing)?;
            wire::send(supervisor, &Report::Terminal, &[master.as_fd()]).doing(doing)?;
            drop(master);
            extra.push(EnvVar::new("TERM", "xterm-256color").doing(doing)?);
            let end = end.as_fd();
            become_program(process, &extra, supervisor.as_fd(), [end, end, end])
        }
        (Stdio::Pipes { .. }, [stdin, stdout, stderr]) => {
            let stdio = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
            become_program(process, &extra, supervisor.as_fd(), stdio)
        }
        (Stdio::Pipes { .. }, _) => Err(Failure::Other(
            "connecting the command".into(),
            "streams are missing".into(),
        )),
    }
}

fn is_privileged(sandbox: &Sandbox) -> bool {
    matches!(sandbox.record.root.ids, IdMap::Range { .. })
}

/// Has the caller go on as a child that is one of the sandbox's processes, while the caller itself
/// waits for its end: an ordinary user may join a namespace of process ids only from inside the
/// sandbox's user namespace, and then for children only.
fn fork_into_pids(sandbox: &Sandbox, supervisor: &OwnedFd) -> Result<(), Failure> {
    let doing = "joining the sandbox's processes";
    enter_pids_of(&sandbox.init).doing(doing)?;
    match fork_alone(UnshareFlags::empty(), None).doing(doing)? {
        Forked::Child => Ok(()),
        Forked::Parent(child) => {
            let told = wire::send(supervisor, &Report::Pid(child.pid()), &[]);
            let code = match told {
                Ok(()) => wait_alone(child).map_or(255, |exit| exit.code),
                Err(_) => 255,
            };
            leave(code)
        }
    }
}

/// What comes from a child on its way to its program.
#[derive(Default)]
struct Executed {
    /// The program's process id, where it is not the child's.
    pid: Option<u32>,
    /// The master of its terminal.
    terminal: Option<OwnedFd>,
    /// The listener of its filter, where that asks.
    listener: Option<OwnedFd>,
}

/// Waits until the child's program runs.
async fn wait_until_executed(socket: OwnedFd) -> Result<Executed, Failure> {
    let doing = "waiting for the command to run";
    let mut receiver = Channel::new(socket.into()).doing(doing)?.receiver;
    let mut executed = Executed::default();
    let mut executing = false;
    loop {
        match receiver.recv::<Report>().await.doing(doing)? {
            Some((Report::Terminal, fds)) => executed.terminal = fds.into_iter().next(),
            Some((Report::Pid(number), _)) => executed.pid = Some(number),
            Some((Report::Executing, fds)) => {
                executing = true;
                executed.listener = fds.into_iter().next();
            }
            Some((Report::Failed(failure), _)) => return Err(failure),
            None if executing => return Ok(executed),
            None => return Err(died_early()),
        }
    }
}
