//! A backend with the runtime of Win32 containers.

use std::fs;
use std::path::PathBuf;

use ctnr_e2e::{Answer, Api, Backend, Builder, Engine, Item, eventually, tar};
use serde_json::{Value, json};

/// A file that `cargo xtask test` makes or fetches.
pub(crate) fn given(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    let path = path.unwrap_or_else(|| panic!("{variable} is not set; run `cargo xtask test`"));
    PathBuf::from(path)
}

/// 7-Zip's console program, from npm's `7zip-bin`: for `x64` or `ia32`.
pub(crate) fn seven_zip(architecture: &str) -> Vec<u8> {
    let folder = given("CTNR_TEST_WIN32").join(architecture);
    fs::read(folder.join("7za.exe")).unwrap()
}

/// A backend whose containers are removed before it goes.
pub(crate) struct World {
    pub(crate) backend: Backend,
}

impl World {
    pub(crate) fn start() -> Self {
        Self::with(Backend::builder())
    }

    /// The same with a backend that is set up otherwise.
    pub(crate) fn with(backend: Builder) -> Self {
        let backend = backend.start();
        let archive = fs::read(given("CTNR_TEST_WINE")).unwrap();
        backend
            .api()
            .import_bytes(Engine::Native, archive)
            .expect(200);
        Self { backend }
    }

    pub(crate) fn api(&self) -> &Api {
        self.backend.api()
    }

    /// Makes a container.
    #[track_caller]
    pub(crate) fn create(&self, body: &Value) -> Value {
        let made = self
            .api()
            .post_json("/api/containers", body)
            .expect(201)
            .json();
        assert_eq!(made["state"], "stopped", "{made}");
        made
    }

    /// Makes a container with 7-Zip, by a layer and a manifest.
    #[track_caller]
    pub(crate) fn seven_zip(&self, name: &str) -> Value {
        let archive = tar(&[
            Item::program("7za.exe", seven_zip("x64")),
            Item::program("7za32.exe", seven_zip("ia32")),
        ]);
        let layer = self
            .api()
            .send("POST", "/api/layers?at=C:%5CTools", archive)
            .expect(201)
            .json();
        let manifest = format!(
            "schema = 1\nname = \"{name}\"\nversion = \"21.07\"\nbitness = \"x64\"\nruntime = \"wine:latest\"\n\
             [[layer]]\nname = \"app\"\nsource = {}\n\
             [[entry]]\nname = \"7za\"\nprogram = 'C:\\Tools\\7za.exe'\ndefault = true\n",
            layer["id"]
        );
        self.create(&json!({ "manifest": manifest }))
    }

    /// Runs a command line to its end.
    #[track_caller]
    pub(crate) fn exec(&self, name: &str, words: &[&str]) -> Value {
        self.ask(name, "exec", &json!({ "cmd": words }))
            .expect(200)
            .json()
    }

    /// What `cmd /c` puts out.
    #[track_caller]
    pub(crate) fn cmd(&self, name: &str, line: &str) -> String {
        let ended = self.exec(name, &["cmd", "/c", line]);
        ended["output"].as_str().unwrap().replace('\r', "")
    }

    /// Asks something of a container.
    #[track_caller]
    pub(crate) fn ask(&self, name: &str, verb: &str, body: &Value) -> Answer {
        let path = format!("/api/containers/{name}/{verb}");
        self.api().post_json(&path, body)
    }

    /// A container as it is at this moment.
    #[track_caller]
    pub(crate) fn look(&self, name: &str) -> Value {
        let path = format!("/api/containers/{name}");
        self.api().get(&path).expect(200).json()
    }

    /// Waits until a container is in a state.
    #[track_caller]
    pub(crate) fn wait_for(&self, name: &str, state: &str) -> Value {
        eventually("the container's state", || {
            let row = self.look(name);
            if row["state"] == state {
                Ok(row)
            } else {
                Err(row.to_string())
            }
        })
    }

    /// What is in a folder of the data directory.
    pub(crate) fn held(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.backend.data().join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    /// Deletes all containers, and asserts that nothing of them is left.
    #[track_caller]
    pub(crate) fn end(self) {
        self.remove_all().unwrap();
        eventually("nothing is left", || {
            let left = [self.held("sandboxes"), self.held("layers")].concat();
            if left.is_empty() {
                Ok(())
            } else {
                Err(format!("{left:?}"))
            }
        });
    }

    fn remove_all(&self) -> Result<(), String> {
        let list = self.api().try_send("GET", "/api/containers", Vec::new())?;
        let list = list.json();
        let containers = list["containers"].as_array().cloned().unwrap_or_default();
        for container in containers {
            let path = format!("/api/containers/{}", container["id"].as_str().unwrap());
            let answer = self.api().try_send("DELETE", &path, Vec::new())?;
            if answer.status != 204 {
                return Err(answer.text());
            }
        }
        Ok(())
    }
}

impl Drop for World {
    /// A test that fails leaves nothing either.
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The backend's own end says what is left where this fails too.
            let _ = self.remove_all();
        }
    }
}
