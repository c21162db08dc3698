//! Sockets that 32-bit programs ask for in a way that no filter can judge.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::thread::{CapabilitySet, CapabilitySets, UnshareFlags, set_capabilities};

use super::serve::{Sandbox, wait_for};
use super::spawn::{fork_alone, leave};
use crate::cgroup::Cgroup;
use crate::process::{
    Forked, become_root_of_namespace, close_all_but, enter_sandbox, prefer_self_for_oom,
};
use crate::seccomp::{Listener, broker};
use crate::stream::register;

/// Has the questions of a program's filter answered for as long as there are processes under it.
///
/// Hardly a program asks, so nothing but the listener is kept until the first question. Then a
/// process is forked that answers: it may wait for the memory that it reads, and the supervisor
/// may not.
pub(super) fn broker(sandbox: &Rc<Sandbox>, listener: Option<OwnedFd>) {
    if let Some(listener) = listener {
        let sandbox = Rc::clone(sandbox);
        tokio::task::spawn_local(async move {
            if let Err(error) = attend(&sandbox, Listener::new(listener)).await {
                tracing::warn!(%error, "32-bit programs of a command can't make sockets");
            }
        });
    }
}

async fn attend(sandbox: &Sandbox, listener: Listener) -> io::Result<()> {
    let listener = register(listener)?;
    loop {
        let mut ready = listener.readable().await?;
        match listener.get_ref().has_question()? {
            None => return Ok(()),
            Some(false) => {
                ready.clear_ready();
                continue;
            }
            Some(true) => {}
        }
        let group = sandbox.cgroup.as_ref().and_then(Cgroup::fork_target);
        match fork_alone(UnshareFlags::empty(), group) {
            Ok(Forked::Child) => {
                let served = answer(sandbox, listener.get_ref());
                leave(i32::from(served.is_err()))
            }
            Ok(Forked::Parent(child)) => {
                // The process has the only one, so that calls fail and don't hang when it is killed.
                drop(ready);
                drop(listener);
                wait_for(child).await?;
                return Ok(());
            }
            // The sandbox is full of processes, as the program may be told.
            Err(error) => {
                tracing::debug!(%error, "no process to make a socket");
                listener.get_ref().refuse_one(libc::ENOBUFS)?;
                // A flood of questions must not keep the supervisor from anything else.
                tokio::task::yield_now().await;
            }
        }
    }
}

/// In the forked process: answers with the rights that the sandbox's root has to sockets, which are
/// none beyond an ordinary user's.
fn answer(sandbox: &Sandbox, listener: &Listener) -> io::Result<()> {
    prefer_self_for_oom()?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    close_all_but(&[sandbox.init.as_fd(), listener.as_fd()])?;
    enter_sandbox(&sandbox.init)?;
    become_root_of_namespace()?;
    let tracing = CapabilitySet::SYS_PTRACE;
    set_capabilities(
        None,
        CapabilitySets {
            effective: tracing,
            permitted: tracing,
            inheritable: CapabilitySet::empty(),
        },
    )?;
    broker::serve(listener)
}
