//! The files of a sandbox that does not run.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use rustix::fs::{FlockOperation, flock};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::thread::UnshareFlags;

use super::spawn::{fork_alone, leave};
use super::start::{map_ids, prepare_directories};
use crate::failure::Doing;
use crate::files;
use crate::init::{self, Step, enter_root};
use crate::process::{Forked, become_root_of_namespace, wait};
use crate::protocol::{Failure, IdMap, RootLaunch};
use crate::rootfs::pivot;
use crate::wire;

/// Serves the files of a sandbox on `socket`, in namespaces made for that, until its far end is
/// closed.
pub(crate) fn serve_stopped_files(root: &RootLaunch, socket: UnixStream) -> ExitCode {
    match serve(root, socket) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tracing::error!(?failure, "a stopped sandbox's files can't be served");
            ExitCode::FAILURE
        }
    }
}

fn serve(root: &RootLaunch, socket: UnixStream) -> Result<(), Failure> {
    // Held by this process and its child: no freeze takes the writable layer away meanwhile.
    let directory = std::fs::File::open(&root.dir).doing("opening the sandbox's directory")?;
    flock(&directory, FlockOperation::LockShared).doing("locking the sandbox's directory")?;
    prepare_directories(root)?;
    let (ours, theirs) = socketpair(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )
    .doing("making a socket")?;
    let namespaces = UnshareFlags::NEWUSER | UnshareFlags::NEWNS;
    let child = match fork_alone(namespaces, None).doing("making namespaces")? {
        Forked::Child => {
            drop(ours);
            match enter(root, &theirs) {
                Ok(()) => {
                    files::serve(socket.into());
                    leave(0)
                }
                Err(failure) => {
                    files::refuse(socket.into(), failure);
                    leave(1)
                }
            }
        }
        Forked::Parent(child) => child,
    };
    drop((theirs, socket));
    map_ids(child.pid(), root.ids).doing("mapping the sandbox's user ids")?;
    let users = match root.ids {
        IdMap::Range { .. } => {
            let path = format!("/proc/{}/ns/user", child.pid());
            Some(std::fs::File::open(&path).doing(format!("opening {path}"))?)
        }
        IdMap::Single { .. } => None,
    };
    init::send_root(&ours, root, users.as_ref().map(AsFd::as_fd))?;
    wait(&child).doing("waiting for the file server")?;
    Ok(())
}

/// Moves the calling process into the sandbox's root, as root there.
fn enter(root: &RootLaunch, parent: &impl AsFd) -> Result<(), Failure> {
    let doing = "waiting for the sandbox's root";
    let Some((Step::Mapped, fds)) = wire::recv::<Step>(parent).doing(doing)? else {
        return Err(Failure::Other(doing.into(), "it did not come".into()));
    };
    become_root_of_namespace().doing("becoming root of the sandbox")?;
    pivot(enter_root(parent.as_fd(), root, fds)?.as_fd())
}
