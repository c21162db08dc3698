//! Networks of a test's own.
//!
//! ```text
//!   the test's namespace                    the internet
//!   backend, sandboxes, 192.0.2.1  ── veth ──  192.0.2.2, 198.51.100.7, 169.254.169.254
//!                   2001:db8:1::1              2001:db8:1::2, 2001:db8:7::7, fd00:ec2::254
//! ```

use std::fs::File;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::{Listener, Ran, eventually, run};

/// A network namespace, which is there for as long as the value.
#[derive(Debug)]
pub struct Netns {
    /// Keeps the namespace, and has no other work.
    holder: Child,
}

impl Netns {
    /// A namespace with nothing but a loopback that is up.
    pub fn new() -> Self {
        let mut holder = Command::new("unshare")
            .args([
                "--net",
                "sh",
                "-c",
                "ip link set lo up && exec sleep 100000",
            ])
            .stdin(Stdio::null())
            .spawn()
            .expect("unshare can be run");
        let name = format!("/proc/{}/comm", holder.id());
        eventually("a namespace", || {
            if let Ok(Some(status)) = holder.try_wait() {
                panic!("no network namespace: {status}; the tests need root");
            }
            match std::fs::read_to_string(&name) {
                Ok(comm) if comm.trim() == "sleep" => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
        Self { holder }
    }

    /// A namespace that this thread is moved into: what it connects to and starts is in there.
    pub fn enter() -> Self {
        let netns = Self::new();
        let file = netns.file();
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
            .expect("root may enter it");
        netns
    }

    /// A server on an address in it.
    pub fn listen(&self, address: &str) -> Listener {
        let file = self.file();
        let address = address.to_owned();
        // A thread of its own is moved, so that the caller stays where it is.
        let bound = std::thread::spawn(move || {
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
                .expect("root may enter it");
            TcpListener::bind(&address)
                .unwrap_or_else(|error| panic!("can't listen on {address}: {error}"))
        });
        Listener::serve(bound.join().expect("a listener"))
    }

    fn file(&self) -> File {
        File::open(format!("/proc/{}/ns/net", self.holder.id())).expect("the namespace is there")
    }

    /// The process id that names it to `ip link set … netns`.
    pub fn pid(&self) -> u32 {
        self.holder.id()
    }

    /// A command in it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--net", "--target", &self.pid().to_string(), "--", program]);
        command
    }

    /// Runs a line of shell in it.
    pub fn sh(&self, line: &str) -> Ran {
        run(self.command("sh").args(["-c", line]))
    }

    /// A further namespace that this one reaches as its default route, with the address of a
    /// server on the internet and that of a cloud's metadata service.
    #[must_use]
    pub fn internet(&self) -> Self {
        let internet = Self::new();
        let far = internet.pid();
        self.sh(&format!(
            "set -e; ip link add out0 type veth peer name in0 netns {far}
             ip address add 192.0.2.1/24 dev out0; ip address add 2001:db8:1::1/64 dev out0 nodad
             ip link set out0 up"
        ))
        .ok();
        internet
            .sh(
                "set -e; ip address add 192.0.2.2/24 dev in0; ip address add 2001:db8:1::2/64 dev in0 nodad
                 ip link set in0 up
                 ip address add 198.51.100.7/32 dev lo; ip address add 169.254.169.254/32 dev lo
                 for address in 2001:db8:7::7 fd00:ec2::254; do ip address add $address/128 dev lo nodad; done",
            )
            .ok();
        self.sh("ip route add default via 192.0.2.2; ip -6 route add default via 2001:db8:1::2")
            .ok();
        internet
    }
}

impl Default for Netns {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
