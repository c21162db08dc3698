//! A backend of a test's own, with a data directory of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{Api, Engine, Image, Owned, PATIENCE, built, busybox, eventually, processes_of};

/// A backend that is to be started.
#[derive(Debug)]
pub struct Builder {
    engine: Engine,
    listen: String,
    variables: Vec<(String, String)>,
    images: Vec<Image>,
    key: Option<String>,
}

/// A running backend, or one between two runs. When it goes, its sandboxes are removed, it is
/// stopped in order, and nothing of it may be left on the host.
#[derive(Debug)]
pub struct Backend {
    child: Option<Child>,
    /// Holds the data directory and the log.
    root: TempDir,
    settings: Builder,
    api: Api,
    /// Names of images that were put into Docker, which is shared by all.
    in_docker: Vec<String>,
}

impl Builder {
    /// The engine of sandboxes whose request names none.
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// The address to listen on.
    #[must_use]
    pub fn listen(mut self, address: &str) -> Self {
        self.listen = address.to_owned();
        self
    }

    /// The API key, which the test's own requests carry.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self.set("CONTAINERS_API_KEY", key)
    }

    /// A variable of its environment.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With one more image.
    #[must_use]
    pub fn image(mut self, image: Image) -> Self {
        self.images.push(image);
        self
    }

    /// Starts it, and imports its images.
    #[must_use]
    pub fn start(mut self) -> Backend {
        let images = std::mem::take(&mut self.images);
        let root = tempfile::Builder::new()
            .prefix("e2e-")
            .tempdir()
            .expect("a folder for the backend");
        let mut backend = Backend {
            child: None,
            root,
            settings: self,
            api: Api::at("http://127.0.0.1:1"),
            in_docker: Vec::new(),
        };
        backend.resume();
        for image in images {
            backend.import(&image);
        }
        backend
    }
}

impl Backend {
    /// One on the native engine with SQLite and no limit on requests, whose only image is
    /// `busybox:latest`.
    #[must_use]
    pub fn native() -> Self {
        Self::builder().image(busybox()).start()
    }

    /// The same, to be changed.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            engine: Engine::Native,
            listen: "127.0.0.1".to_owned(),
            variables: Vec::new(),
            images: Vec::new(),
            key: None,
        }
    }

    /// Imports an image into its engine.
    pub fn import(&mut self, image: &Image) {
        let engine = self.settings.engine;
        let imported = self.api.import(engine, image).expect(200).json();
        if engine == Engine::Docker {
            let names = imported["images"].as_array().expect("names");
            let names = names.iter().filter_map(|name| name.as_str());
            self.in_docker.extend(names.map(str::to_owned));
        }
    }

    /// Its API.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        let (_, port) = self.api.base().rsplit_once(':').expect("a port");
        port.parse().expect("a number")
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        let variables = &self.settings.variables;
        match variables
            .iter()
            .find(|(name, _)| name == "CONTAINERS_DATA_DIR")
        {
            Some((_, path)) => PathBuf::from(path),
            None => self.root.path().join("data"),
        }
    }

    /// Its process id.
    #[track_caller]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// What it has logged, over all of its runs.
    pub fn log(&self) -> String {
        fs::read_to_string(self.root.path().join("backend.log")).unwrap_or_default()
    }

    /// All processes that hold something of it open: itself, its launcher and the supervisors.
    pub fn processes(&self) -> Vec<u32> {
        processes_of(self.root.path())
    }

    /// The supervisors of its running sandboxes: the sandboxes' ids and the process ids.
    pub fn supervisors(&self) -> Vec<(String, u32)> {
        let sandboxes = self.data().join("sandboxes");
        let below = |pid: &u32| below_of(*pid, &sandboxes).map(|id| (id, *pid));
        self.processes().iter().filter_map(below).collect()
    }

    /// What is on the host of sandboxes with these ids, and of the data directory.
    pub fn owned(&self, ids: &[String]) -> Owned {
        Owned::by(self.root.path(), ids)
    }

    /// Kills it with SIGKILL, as a crash would, and waits until it is gone.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("it can be killed");
        child.wait().expect("it can be waited for");
    }

    /// Stops it in order.
    pub fn stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        let pid = Pid::from_child(&child);
        kill_process(pid, Signal::TERM).expect("it can be asked to stop");
        eventually("the end of the backend", || match child.try_wait() {
            Ok(Some(status)) => Ok(status),
            other => Err(format!("{other:?}")),
        })
    }

    /// Starts it on its data directory, perhaps again. Its port is a new one.
    pub fn resume(&mut self) {
        assert!(self.child.is_none(), "it runs");
        let already = self.log().len();
        let mut child = self.spawn();
        let log = self.root.path().join("backend.log");
        let port = eventually("the backend's port", || {
            let log = fs::read_to_string(&log).unwrap_or_default();
            if let Some(port) = port_in(&log[already..]) {
                return Ok(port);
            }
            if let Ok(Some(status)) = child.try_wait() {
                panic!("the backend ended with {status}:\n{}", &log[already..]);
            }
            Err(log[already..].to_owned())
        });
        self.child = Some(child);
        let host = match self.settings.listen.as_str() {
            "0.0.0.0" => "127.0.0.1",
            host => host,
        };
        let mut api = self.api.moved_to(&format!("http://{host}:{port}"));
        if let Some(key) = &self.settings.key {
            api = api.with("x-api-key", key);
        }
        self.api = api;
        eventually("the backend's health", || {
            match self.api.try_send("GET", "/healthz", Vec::new()) {
                Ok(answer) if answer.status == 200 => Ok(()),
                Ok(answer) => Err(format!("{}\n{}", answer.text(), self.log())),
                Err(error) => Err(error),
            }
        });
    }

    fn spawn(&self) -> Child {
        let root = self.root.path();
        let log = File::options()
            .create(true)
            .append(true)
            .open(root.join("backend.log"))
            .expect("a log");
        let data = self.data();
        let mut command = Command::new(built("backend"));
        for (name, _) in std::env::vars() {
            if name.starts_with("CONTAINERS_") {
                command.env_remove(name);
            }
        }
        command
            .env("HOME", root)
            .env("CONTAINERS_DATA_DIR", &data)
            .env(
                "CONTAINERS_HTTP_ADDR",
                format!("{}:0", self.settings.listen),
            )
            .env("CONTAINERS_ENGINE", self.settings.engine.name())
            .env("CONTAINERS_RATE_LIMIT", "0")
            .env("CONTAINERS_GRPC_ADDR", "off")
            .env(
                "DATABASE_URL",
                format!("sqlite://{}", data.join("ctnr.db").display()),
            )
            .envs(self.settings.variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second descriptor of the log"))
            .stderr(log)
            .spawn()
            .expect("the backend can be started")
    }

    /// Removes what it has and stops it. It does not panic, since it runs where a test ends.
    fn remove_all(&mut self) -> Result<(), String> {
        let Some(_) = &self.child else {
            return Err("the test left it stopped; resume it".to_owned());
        };
        let list = self
            .api
            .try_send("GET", "/v1/sandboxes?all=true&limit=1000", Vec::new())?;
        let list: serde_json::Value =
            serde_json::from_slice(&list.body).map_err(|error| error.to_string())?;
        for sandbox in list["sandboxes"].as_array().into_iter().flatten() {
            let id = sandbox["Id"].as_str().unwrap_or_default();
            let path = format!("/v1/sandboxes/{id}");
            let answer = self.api.try_send("DELETE", &path, Vec::new())?;
            if answer.status != 204 {
                return Err(format!("{}: {}", answer.request, answer.text()));
            }
        }
        for name in std::mem::take(&mut self.in_docker) {
            let path = format!("/v1/images?engine=docker&name={name}");
            self.api.try_send("DELETE", &path, Vec::new())?;
        }
        let status = self.stop();
        if status.success() {
            Ok(())
        } else {
            Err(format!("it ended with {status}"))
        }
    }

    /// Waits until nothing of it is on the host.
    fn settle(&self) -> Result<(), String> {
        let ids = self.api.created();
        let begun = std::time::Instant::now();
        loop {
            let owned = self.owned(&ids);
            if owned.is_empty() {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("this is left on the host: {owned:#?}"));
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the backend's log:\n{}", tail(&self.log(), 40));
        }
        let ended = self.remove_all().and_then(|()| self.settle());
        let Err(error) = ended else { return };
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        end_all(self.root.path());
        let error = format!("the backend was not removed in order: {error}");
        if std::thread::panicking() {
            eprintln!("{error}");
        } else {
            panic!("{error}\n{}", tail(&self.log(), 40));
        }
    }
}

/// The name of the first folder below `folder` that a process holds something open of.
fn below_of(pid: u32, folder: &Path) -> Option<String> {
    let fds = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let held = fds.flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
    held.filter_map(|link| Some(link.strip_prefix(folder).ok()?.to_owned()))
        .find_map(|link| Some(link.components().next()?.as_os_str().to_str()?.to_owned()))
}

/// Kills what holds something of a folder open.
fn end_all(folder: &Path) {
    for _ in 0..10 {
        let processes = processes_of(folder);
        if processes.is_empty() {
            return;
        }
        for pid in processes {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

fn port_in(log: &str) -> Option<u16> {
    let (_, rest) = log.split_once("listening on http://")?;
    let address: String = rest
        .chars()
        .take_while(|letter| letter.is_ascii_digit() || matches!(letter, '.' | ':' | '[' | ']'))
        .collect();
    // A line that is not written to its end has no port that could be trusted.
    if address.len() == rest.len() {
        return None;
    }
    address.rsplit_once(':')?.1.parse().ok()
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
