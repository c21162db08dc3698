//! A registry in a thread: it serves what it is told, also what no honest one would.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// An answer.
#[derive(Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The length that is stated, where it is another.
    pub(crate) stated: Option<usize>,
    /// Whether nothing more comes after the body, not even the end.
    pub(crate) stalls: bool,
}

impl Answer {
    /// A good answer.
    pub(crate) fn ok(body: &[u8]) -> Self {
        Self {
            status: 200,
            body: body.to_vec(),
            ..Self::default()
        }
    }

    /// An answer without a body.
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// With a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A request: its path with its query, its authorization, and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

type Handler = dyn Fn(&Request) -> Answer + Send + Sync;

/// A server on loopback. It lives as long as the test's process.
pub(crate) struct Server {
    /// Host and port.
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers each request by `handler`.
    pub(crate) fn new(handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let handler: Arc<Handler> = Arc::new(handler);
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (handler, seen) = (Arc::clone(&handler), Arc::clone(&seen));
                std::thread::spawn(move || serve(stream.unwrap(), &*handler, &seen));
            }
        });
        Self { address, requests }
    }

    /// Serves blobs and manifests by path below `/v2/`.
    pub(crate) fn of(files: BTreeMap<String, Answer>) -> Self {
        Self::new(move |request| {
            let name = request.path.strip_prefix("/v2/").unwrap_or(&request.path);
            files.get(name).cloned().unwrap_or(Answer::status(404))
        })
    }

    /// The paths that were asked for.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests()
            .into_iter()
            .map(|request| request.path)
            .collect()
    }

    /// What was asked.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// Answers one request, and closes.
fn serve(stream: TcpStream, handler: &Handler, seen: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        let found = lines.iter().filter_map(|line| line.split_once(": "));
        let mut found = found.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found
            .next()
            .map(|(_, value)| value.to_owned())
            .unwrap_or_default()
    };
    let length: usize = header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let request = Request {
        path: lines[0].split(' ').nth(1).unwrap().to_owned(),
        authorization: header("authorization"),
        body: String::from_utf8(body).unwrap(),
    };
    let answer = handler(&request);
    seen.lock().unwrap().push(request);
    let mut head = format!("HTTP/1.1 {} X\r\nConnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let length = answer.stated.unwrap_or(answer.body.len());
    head.push_str(&format!("Content-Length: {length}\r\n\r\n"));
    let mut stream = stream;
    let sent = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&answer.body));
    if answer.stalls && sent.is_ok() {
        // Until the client gives up.
        let _ = reader.read(&mut [0]);
    }
}
