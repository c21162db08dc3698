//! `-it` on a terminal: raw while the command runs, as it was before on every way out.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::exec::routes;
use crate::support::Mock;

/// A terminal with the program on it.
struct Session {
    _mock: Mock,
    master: File,
    slave: OwnedFd,
    child: Child,
}

impl Session {
    fn start(args: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave: OwnedFd = File::options()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap()
            .into();
        set_size(&slave, 100, 30);
        let mock = Mock::new(routes());
        let stream = || Stdio::from(slave.try_clone().unwrap());
        let child = mock
            .command(args)
            .stdin(stream())
            .stdout(stream())
            .stderr(stream())
            .spawn()
            .unwrap();
        Self {
            _mock: mock,
            master: master.into(),
            slave,
            child,
        }
    }

    /// Waits until keys go to the command: until then the terminal itself shows them.
    fn wait_until_raw(&self) {
        while self.is_as_before() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Reads until the terminal has shown this.
    fn expect(&mut self, text: &str) -> String {
        let mut shown = Vec::new();
        let mut piece = [0; 1024];
        loop {
            let mut ready = [PollFd::new(&self.master, PollFlags::IN)];
            let patience = Timespec {
                tv_sec: 60,
                tv_nsec: 0,
            };
            let count = poll(&mut ready, Some(&patience)).unwrap();
            let so_far = String::from_utf8_lossy(&shown).into_owned();
            assert!(count > 0, "{text:?} was not shown, but {so_far:?}");
            let length = self.master.read(&mut piece).unwrap();
            shown.extend_from_slice(&piece[..length]);
            let so_far = String::from_utf8_lossy(&shown).into_owned();
            if so_far.contains(text) {
                return so_far;
            }
        }
    }

    fn type_in(&mut self, bytes: &[u8]) {
        self.master.write_all(bytes).unwrap();
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Whether the terminal gives lines and makes Ctrl-C a signal, as before.
    fn is_as_before(&self) -> bool {
        let modes = tcgetattr(&self.slave).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }
}

fn set_size(slave: &OwnedFd, columns: u16, rows: u16) {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(slave, size).unwrap();
}

const ECHO: [&str; 5] = ["sandbox", "exec", "-it", "web", "echo"];

#[test]
fn the_command_gets_the_size_and_a_terminal() {
    let mut session = Session::start(&["sandbox", "exec", "-it", "web", "show"]);
    let shown = session.expect("\"type\"");
    assert!(
        shown.contains("\"columns\":100") && shown.contains("\"rows\":30"),
        "{shown}"
    );
    assert!(shown.contains("\"tty\":true"), "{shown}");
    assert_eq!(session.child.wait().unwrap().code(), Some(0));
    assert!(session.is_as_before());
}

#[test]
fn keys_go_to_the_command_and_ctrl_c_is_one_of_them() {
    let mut session = Session::start(&ECHO);
    session.wait_until_raw();
    session.type_in(b"a");
    session.expect("a");
    assert!(!session.is_as_before());
    session.type_in(b"\x03");
    session.expect("\x03");
    session.signal(Signal::HUP);
    assert_eq!(session.child.wait().unwrap().code(), Some(129));
    assert!(session.is_as_before());
}

#[test]
fn a_new_size_is_told() {
    let mut session = Session::start(&ECHO);
    session.wait_until_raw();
    session.type_in(b"a");
    session.expect("a");
    set_size(&session.slave, 132, 43);
    session.signal(Signal::WINCH);
    session.expect("132x43");
    session.signal(Signal::HUP);
    session.child.wait().unwrap();
}

#[test]
fn signals_go_to_the_command_until_the_user_means_it() {
    let mut session = Session::start(&ECHO);
    session.wait_until_raw();
    session.type_in(b"a");
    session.expect("a");
    session.signal(Signal::TERM);
    session.expect("SIGTERM");
    session.signal(Signal::TERM);
    session.expect("SIGTERM");
    session.signal(Signal::TERM);
    assert_eq!(session.child.wait().unwrap().code(), Some(143));
    assert!(session.is_as_before());
}

#[test]
fn a_lost_connection_leaves_the_terminal_as_it_was() {
    let mut session = Session::start(&["sandbox", "exec", "-it", "web", "broken"]);
    session.expect("was lost");
    assert_eq!(session.child.wait().unwrap().code(), Some(125));
    assert!(session.is_as_before());
}

#[test]
fn removing_everything_is_asked_about() {
    let mut session = Session::start(&["image", "prune", "--all"]);
    session.expect("[y/N]");
    session.type_in(b"n\n");
    session.expect("nothing was done");
    assert_eq!(session.child.wait().unwrap().code(), Some(125));
}
