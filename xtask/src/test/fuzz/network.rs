//! A network with nothing in it but a loopback.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Does `work` on a thread in a network namespace of its own, which what it starts is in too.
pub(super) fn alone<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let namespace = namespace()?;
    let inside = || {
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
            .context("cannot enter a network namespace")?;
        work()
    };
    thread::scope(|scope| scope.spawn(inside).join())
        .map_err(|_| anyhow!("the work in a network of its own panicked"))?
}

/// A new namespace, which is there for as long as its file is open or something runs in it.
fn namespace() -> Result<File> {
    let mut maker = Command::new("unshare")
        .args(["--net", "sh", "-c"])
        .arg("ip link set lo up && echo ready && read -r end")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start `unshare`")?;
    let end = maker.stdin.take();
    let mut said = String::new();
    if let Some(stdout) = maker.stdout.take() {
        BufReader::new(stdout)
            .read_line(&mut said)
            .context("cannot read what `unshare` prints")?;
    }
    let namespace = File::open(format!("/proc/{}/ns/net", maker.id()));
    drop(end);
    maker.wait().context("cannot wait for `unshare`")?;
    ensure!(
        said == "ready\n",
        "cannot make a network namespace: run the tests as root"
    );
    namespace.context("cannot open a network namespace")
}

#[cfg(all(test, feature = "system-tests"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_loopback_inside_is_another() {
        let outside = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = outside.local_addr().expect("an address");
        alone(|| {
            assert!(TcpStream::connect(address).is_err(), "it is the same");
            let inside = TcpListener::bind(address).expect("a port that is free in here");
            TcpStream::connect(address).expect("the loopback is up");
            drop(inside);
            Ok(())
        })
        .expect("a network");
        TcpStream::connect(address).expect("this thread is where it was");
    }
}
