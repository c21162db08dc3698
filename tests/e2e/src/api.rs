//! The REST API as a user's `curl` sees it.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::SendBody;
use ureq::http::Request;

use crate::{Answer, Engine, Image, Sandbox};

/// A client of one server. Every request has a connection of its own.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    headers: Vec<(String, String)>,
    agent: Agent,
    /// The ids of all sandboxes that were created through it and its clones.
    created: Arc<Mutex<Vec<String>>>,
}

impl Api {
    /// The server at `http://HOST:PORT`.
    pub fn at(base: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(0)
            // No test waits so long; one that hangs is better ended.
            .timeout_global(Some(Duration::from_secs(240)))
            .build();
        Self {
            base: base.to_owned(),
            headers: Vec::new(),
            agent: config.into(),
            created: Arc::default(),
        }
    }

    /// The same server at another address.
    pub(crate) fn moved_to(&self, base: &str) -> Self {
        Self {
            created: Arc::clone(&self.created),
            ..Self::at(base)
        }
    }

    /// The ids of all sandboxes that were created.
    pub fn created(&self) -> Vec<String> {
        let created = self.created.lock().unwrap_or_else(PoisonError::into_inner);
        created.clone()
    }

    /// The same with a header on each request.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut with = self.clone();
        with.headers.push((name.to_owned(), value.to_owned()));
        with
    }

    /// `http://HOST:PORT`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends a request; an error where no answer came.
    pub fn try_send(&self, method: &str, path: &str, body: Vec<u8>) -> Result<Answer, String> {
        let length = body.len() as u64;
        self.try_stream(method, path, &mut body.as_slice(), length)
    }

    fn try_stream(
        &self,
        method: &str,
        path: &str,
        body: &mut dyn Read,
        length: u64,
    ) -> Result<Answer, String> {
        let request = format!("{method} {path}");
        let failed = |error: &dyn std::fmt::Display| format!("{request}: {error}");
        let mut builder = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        let mut response = if length == 0 {
            let request = builder.body(()).map_err(|error| failed(&error))?;
            self.agent.run(request).map_err(|error| failed(&error))?
        } else {
            let request = builder
                .header("content-length", length)
                .body(SendBody::from_reader(body))
                .map_err(|error| failed(&error))?;
            self.agent.run(request).map_err(|error| failed(&error))?
        };
        let mut bytes = Vec::new();
        let read = response.body_mut().as_reader().read_to_end(&mut bytes);
        read.map_err(|error| failed(&error))?;
        Ok(Answer {
            request: request.clone(),
            status: response.status().as_u16(),
            headers: response
                .headers()
                .iter()
                .map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    (name.as_str().to_owned(), value)
                })
                .collect(),
            body: bytes,
        })
    }

    /// Sends a request with a body of bytes.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        match self.try_send(method, path, body.into()) {
            Ok(answer) => answer,
            Err(error) => panic!("{error}"),
        }
    }

    /// `GET`.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "")
    }

    /// `POST` without a body.
    #[track_caller]
    pub fn post(&self, path: &str) -> Answer {
        self.send("POST", path, "")
    }

    /// `POST` of JSON.
    #[track_caller]
    pub fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.with("content-type", "application/json")
            .send("POST", path, body.to_string())
    }

    /// `DELETE`.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, "")
    }

    /// Imports an image into an engine.
    #[track_caller]
    pub fn import(&self, engine: Engine, image: &Image) -> Answer {
        self.import_bytes(engine, image.archive())
    }

    /// Imports an archive into an engine.
    #[track_caller]
    pub fn import_bytes(&self, engine: Engine, archive: Vec<u8>) -> Answer {
        let path = format!("/v1/images/import?engine={}", engine.name());
        self.with("accept", "application/json")
            .send("POST", &path, archive)
    }

    /// Creates a sandbox.
    #[track_caller]
    pub fn create(&self, body: &Value) -> Sandbox {
        let created = self.post_json("/v1/sandboxes", body).expect(201).json();
        let sandbox = Sandbox::new(self.clone(), &created);
        let mut ids = self.created.lock().unwrap_or_else(PoisonError::into_inner);
        ids.push(sandbox.id.clone());
        sandbox
    }

    /// The sandboxes, those that do not run too.
    #[track_caller]
    pub fn all(&self) -> Vec<Value> {
        let list = self
            .get("/v1/sandboxes?all=true&limit=1000")
            .expect(200)
            .json();
        list["sandboxes"].as_array().expect("a list").clone()
    }
}
