//! The REST API as a user's `curl` sees it: a path, a JSON body, a status and a JSON answer.

use std::io::Read;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

/// A server of the product.
#[derive(Clone)]
pub(crate) struct Api {
    base: String,
    /// What `CONTAINERS_API_KEY` is set to: the server that is started here reads it too.
    key: Option<String>,
    agent: Agent,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Null where the body is empty; a string where it is no JSON.
    pub(crate) body: Value,
}

impl Api {
    /// The server at a port of this machine. A slow answer is waited for until `patience` is over.
    pub(crate) fn at(port: u16, patience: Duration) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(patience))
            // Those who send from many threads keep their connections.
            .max_idle_connections_per_host(32)
            .build();
        Self {
            base: format!("http://localhost:{port}"),
            key: std::env::var("CONTAINERS_API_KEY")
                .ok()
                .filter(|key| !key.is_empty()),
            agent: config.into(),
        }
    }

    /// A server of somebody else, to whom the key is not told.
    pub(crate) fn without_key(port: u16, patience: Duration) -> Self {
        Self {
            key: None,
            ..Self::at(port, patience)
        }
    }

    /// `http://localhost:PORT`.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Sends a request.
    ///
    /// # Errors
    /// When no answer comes; an answer with an error in it is an [`Answer`].
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
        let response = self.response(method, path, body)?;
        answer(response).with_context(|| format!("{method} {}{path}", self.base))
    }

    /// Sends a request, and gives its successful answer to be read as it comes.
    ///
    /// # Errors
    /// When no answer comes, or one that is no success.
    pub(crate) fn open(&self, method: &str, path: &str, body: &Value) -> Result<impl Read + use<>> {
        let response = self.response(method, path, Some(body))?;
        if !response.status().is_success() {
            bail!("{method} {path} answered {}", response.status());
        }
        Ok(response.into_body().into_reader())
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When no answer comes, or one that is no success.
    pub(crate) fn download(&self, path: &str) -> Result<Vec<u8>> {
        let mut response = self.response("GET", path, None)?;
        let doing = || format!("GET {}{path}", self.base);
        if !response.status().is_success() {
            bail!("{} answered {}", doing(), response.status());
        }
        let mut bytes = Vec::new();
        let mut reader = response.body_mut().as_reader();
        reader.read_to_end(&mut bytes).with_context(doing)?;
        Ok(bytes)
    }

    /// Sends bytes; the answer has to have one status.
    ///
    /// # Errors
    /// With the code and the message of the answer.
    pub(crate) fn upload(
        &self,
        status: u16,
        path: &str,
        content_type: &str,
        content: &[u8],
    ) -> Result<Value> {
        self.send_bytes(status, ("POST", path), content_type, content)
    }

    /// The same by `PUT`.
    pub(crate) fn put(
        &self,
        status: u16,
        path: &str,
        content_type: &str,
        content: &[u8],
    ) -> Result<Value> {
        self.send_bytes(status, ("PUT", path), content_type, content)
    }

    fn send_bytes(
        &self,
        status: u16,
        (method, path): (&str, &str),
        content_type: &str,
        content: &[u8],
    ) -> Result<Value> {
        let url = format!("{}{path}", self.base);
        let doing = || format!("{method} {url}");
        let request = match method {
            "PUT" => self.agent.put(&url),
            _ => self.agent.post(&url),
        };
        let mut request = request.content_type(content_type);
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        let answer = answer(request.send(content).with_context(doing)?).with_context(doing)?;
        answer.expect(status, method, path)
    }

    fn response(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<ureq::http::Response<ureq::Body>> {
        let url = format!("{}{path}", self.base);
        let mut request = Request::builder().method(method).uri(&url);
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        let doing = || format!("{method} {url}");
        let sent = match body {
            Some(body) => {
                let request = request
                    .header("content-type", "application/json")
                    .body(body.to_string())
                    .with_context(doing)?;
                self.agent.run(request)
            }
            None => self.agent.run(request.body(()).with_context(doing)?),
        };
        sent.with_context(doing)
    }

    /// Sends a request whose answer has to have one status.
    ///
    /// # Errors
    /// With the code and the message of the answer.
    pub(crate) fn expect(
        &self,
        status: u16,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        self.send(method, path, body)?.expect(status, method, path)
    }
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Result<Answer> {
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string()?;
    let body = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    };
    Ok(Answer { status, body })
}

impl Answer {
    /// The body of an answer that has to have one status.
    fn expect(self, status: u16, method: &str, path: &str) -> Result<Value> {
        if self.status != status {
            bail!(
                "{method} {path} answered {} where {status} was expected: {}",
                self.status,
                self.shown()
            );
        }
        Ok(self.body)
    }

    /// `CODE: message` of an error, else the body.
    pub(crate) fn shown(&self) -> String {
        match (self.body["code"].as_str(), self.body["message"].as_str()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            _ => self.body.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// Serves one request with `response` and answers what was asked.
    fn serve(response: &'static str) -> (Api, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a caller");
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).expect("a request");
            stream.write_all(response.as_bytes()).expect("an answer");
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        (Api::at(port, Duration::from_secs(10)), server)
    }

    #[test]
    fn an_error_is_told_with_its_code_and_message() {
        let (api, server) = serve(
            "HTTP/1.1 404 Not Found\r\ncontent-length: 51\r\n\r\n\
             {\"code\":\"NOT_FOUND\", \"message\":\"sandbox not found\"}",
        );
        let error = api
            .expect(200, "GET", "/v1/sandboxes/x", None)
            .expect_err("404");
        assert!(
            error.to_string().contains("NOT_FOUND: sandbox not found"),
            "{error}"
        );
        let request = server.join().expect("it served");
        assert!(request.starts_with("GET /v1/sandboxes/x "), "{request}");
    }

    #[test]
    fn an_empty_body_is_null() {
        let (api, server) = serve("HTTP/1.1 204 No Content\r\n\r\n");
        let body = api.expect(204, "DELETE", "/v1/sandboxes/x", None);
        assert_eq!(body.expect("204"), Value::Null);
        server.join().expect("it served");
    }
}
