//! A sandbox that a test has created.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{Answer, Api, eventually};

/// A sandbox.
#[derive(Debug, Clone)]
pub struct Sandbox {
    api: Api,
    /// Its id.
    pub id: String,
    ports: BTreeMap<String, u16>,
}

/// A command that has ended in a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exec {
    /// The exit code.
    pub code: i64,
    /// Both streams.
    pub output: String,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Exec {
    /// The output of a command that must have ended well.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.stdout
    }
}

impl Sandbox {
    pub(crate) fn new(api: Api, created: &Value) -> Self {
        let id = created["id"].as_str().expect("an id").to_owned();
        let ports = created["ports"].as_object().expect("ports");
        let port = |text: &Value| text.as_str().and_then(|text| text.parse().ok());
        Self {
            api,
            id,
            ports: ports
                .iter()
                .map(|(inside, host)| (inside.clone(), port(host).expect("a port")))
                .collect(),
        }
    }

    /// The same sandbox, asked for at another server.
    #[must_use]
    pub fn at(&self, api: &Api) -> Self {
        Self {
            api: api.clone(),
            ..self.clone()
        }
    }

    /// The host's port for one of its ports, `80/tcp`.
    #[track_caller]
    pub fn port(&self, inside: &str) -> u16 {
        self.ports[inside]
    }

    /// `/v1/sandboxes/ID`, and what follows.
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/sandboxes/{}{rest}", self.id)
    }

    /// Its details.
    #[track_caller]
    pub fn inspect(&self) -> Value {
        self.api.get(&self.path("")).expect(200).json()
    }

    /// A field of its state.
    #[track_caller]
    pub fn state(&self, field: &str) -> Value {
        self.inspect()["State"][field].clone()
    }

    /// The host's process id of its program.
    #[track_caller]
    pub fn pid(&self) -> u64 {
        self.state("Pid").as_u64().expect("a process id")
    }

    /// Asks for a command.
    #[track_caller]
    pub fn ask(&self, body: &Value) -> Answer {
        self.api.post_json(&self.path("/exec"), body)
    }

    /// Runs a command to its end.
    #[track_caller]
    pub fn exec(&self, cmd: &[&str]) -> Exec {
        self.exec_as(&json!({ "cmd": cmd }))
    }

    /// Runs a line of shell.
    #[track_caller]
    pub fn sh(&self, line: &str) -> Exec {
        self.exec(&["sh", "-c", line])
    }

    /// Runs a command with more said about it.
    #[track_caller]
    pub fn exec_as(&self, body: &Value) -> Exec {
        let answer = self.ask(body).expect(200).json();
        let text = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
        Exec {
            code: answer["exit_code"].as_i64().expect("an exit code"),
            output: text("output"),
            stdout: text("stdout"),
            stderr: text("stderr"),
        }
    }

    /// Starts a command that runs on, and gives its id.
    #[track_caller]
    pub fn detach(&self, body: &Value) -> String {
        let mut body = body.clone();
        body["detach"] = true.into();
        let answer = self.ask(&body).expect(201).json();
        answer["id"].as_str().expect("an id").to_owned()
    }

    /// Its log as text.
    #[track_caller]
    pub fn logs(&self, query: &str) -> String {
        let path = self.path(&format!("/logs{query}"));
        self.api.get(&path).expect(200).text()
    }

    /// Stops it.
    #[track_caller]
    pub fn stop(&self, seconds: u32) -> Answer {
        let path = self.path(&format!("/stop?timeout={seconds}"));
        self.api.post(&path).expect(200)
    }

    /// Starts it again.
    #[track_caller]
    pub fn restart(&self) -> Answer {
        self.api.post(&self.path("/restart?timeout=1")).expect(200)
    }

    /// Removes it.
    #[track_caller]
    pub fn delete(&self) {
        self.api.delete(&self.path("")).expect(204);
    }

    /// Waits until its program has ended, and gives its state.
    #[track_caller]
    pub fn ended(&self) -> Value {
        eventually("the end of a sandbox's program", || {
            let state = self.inspect()["State"].clone();
            if state["Status"] == "exited" {
                Ok(state)
            } else {
                Err(state.to_string())
            }
        })
    }
}
