//! The program under test.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::client::{self, Answer};

/// A running backend. Dropped, it is killed.
pub(crate) struct Backend {
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    pub(crate) address: SocketAddr,
}

/// The program on a data directory, with the embedded database and a free port.
pub(crate) fn command(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backend"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CONTAINERS_") {
            command.env_remove(name);
        }
    }
    command
        .env("CONTAINERS_DATA_DIR", data_dir)
        .env("CONTAINERS_HTTP_ADDR", "127.0.0.1:0")
        .env("CONTAINERS_GRPC_ADDR", "off")
        .env(
            "DATABASE_URL",
            format!("sqlite://{}/test.db", data_dir.display()),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Backend {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(data_dir: &Path) -> Self {
        Self::spawn(&mut command(data_dir))
    }

    /// Starts a command, and waits until it listens.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let address = loop {
            let mut line = String::new();
            let read = stderr.read_line(&mut line).unwrap();
            log.lock().unwrap().push_str(&line);
            assert!(read > 0, "it ended: {}", log.lock().unwrap());
            if let Some((_, rest)) = line.split_once("listening on http://") {
                break rest
                    .split([' ', '"', '\n'])
                    .next()
                    .unwrap()
                    .parse()
                    .unwrap();
            }
        };
        let reader = std::thread::spawn({
            let log = log.clone();
            move || {
                for line in stderr.lines() {
                    let mut log = log.lock().unwrap();
                    log.push_str(&line.unwrap());
                    log.push('\n');
                }
            }
        });
        Self {
            child,
            log,
            reader: Some(reader),
            address,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        client::send(self.address, "GET", path, "application/json", b"").unwrap()
    }

    /// Ends it as a service manager does, and returns how it ended and all that it logged.
    pub(crate) fn terminate(mut self) -> (ExitStatus, String) {
        let kill = Command::new("kill").arg(self.pid().to_string()).status();
        assert!(kill.unwrap().success());
        let status = self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        (status, self.log())
    }

    /// Ends it at once, whatever it does.
    #[cfg(feature = "system-tests")]
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Backend {
    #[expect(clippy::print_stderr, reason = "it tells why a test failed")]
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the backend's log:\n{}", self.log());
        }
    }
}
