//! One call: sending it, and telling answers from errors.

use bytes::Bytes;
use futures::StreamExt;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{is_refused, root_cause};
use crate::{Address, Answer, ClientError, Result, Stream, lines};

/// A call that is being put together.
#[derive(Debug)]
pub(crate) struct Request {
    builder: RequestBuilder,
    address: Address,
    route: String,
}

impl Request {
    pub(crate) fn new(builder: RequestBuilder, address: Address, route: String) -> Self {
        Self {
            builder,
            address,
            route,
        }
    }

    /// Adds a query; a list becomes the same name several times.
    pub(crate) fn query(mut self, query: &impl Serialize) -> Result<Self> {
        let text = serde_html_form::to_string(query)
            .map_err(|error| ClientError::Setup(error.to_string()))?;
        if text.is_empty() {
            return Ok(self);
        }
        let (http, request) = self.builder.build_split();
        let mut request = request.map_err(|error| ClientError::Setup(root_cause(&error)))?;
        request.url_mut().set_query(Some(&text));
        self.builder = RequestBuilder::from_parts(http, request);
        Ok(self)
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.builder = self.builder.json(body);
        self
    }

    /// Sends bytes as they come, in pieces.
    pub(crate) fn body(
        mut self,
        content_type: &'static str,
        bytes: impl futures::Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        self.builder = self
            .builder
            .header(CONTENT_TYPE, content_type)
            .body(reqwest::Body::wrap_stream(bytes));
        self
    }

    pub(crate) fn header(mut self, name: reqwest::header::HeaderName, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub(crate) fn accept(self, content_type: &str) -> Self {
        self.header(ACCEPT, content_type)
    }

    pub(crate) fn route(&self) -> &str {
        &self.route
    }

    /// The answer as JSON.
    pub(crate) async fn fetch<T: DeserializeOwned>(self) -> Result<Answer<T>> {
        let route = self.route.clone();
        let body = self.send().await?.bytes().await;
        Answer::read(&body.map_err(|error| lost(&route, &error))?, &route)
    }

    /// An answer without a body.
    pub(crate) async fn done(self) -> Result<()> {
        self.send().await.map(drop)
    }

    /// The answer's bytes as they come.
    pub(crate) async fn bytes(self) -> Result<Stream<Bytes>> {
        let route = self.route.clone();
        let stream = self.send().await?.bytes_stream();
        Ok(stream
            .map(move |piece| piece.map_err(|error| lost(&route, &error)))
            .boxed())
    }

    /// The answer's lines of JSON as they come.
    pub(crate) async fn lines<T: DeserializeOwned + Send + 'static>(
        self,
    ) -> Result<Stream<Answer<T>>> {
        let route = self.route.clone();
        Ok(lines::parse(
            self.accept("application/x-ndjson").bytes().await?,
            route,
        ))
    }

    /// Sends it, and makes an error of an answer that is one.
    pub(crate) async fn send(self) -> Result<Response> {
        let response = self.builder.send().await.map_err(|error| {
            if error.is_connect() || error.is_timeout() {
                ClientError::Unreachable {
                    address: self.address.to_string(),
                    is_down: self.address.is_loopback() && is_refused(&error),
                    reason: root_cause(&error),
                }
            } else {
                lost(&self.route, &error)
            }
        })?;
        let status = response.status();
        if status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(response);
        }
        let body = response.bytes().await.unwrap_or_default();
        match serde_json::from_slice(&body) {
            Ok(error) => Err(ClientError::Refused(error)),
            Err(_) => Err(ClientError::NotTheApi {
                address: self.address.to_string(),
                status: status.as_u16(),
            }),
        }
    }
}

fn lost(route: &str, error: &reqwest::Error) -> ClientError {
    if let Some(source) = body_error(error) {
        return ClientError::Source(std::io::Error::new(source.kind(), source.to_string()));
    }
    ClientError::Lost {
        route: route.to_owned(),
        reason: root_cause(error),
    }
}

/// The error of the stream that was being sent, where that is what failed. The system's own
/// errors on the connection have a number; those of a stream of ours are wrapped.
fn body_error(error: &reqwest::Error) -> Option<&std::io::Error> {
    if !error.is_request() {
        return None;
    }
    let mut cause: &dyn std::error::Error = error;
    loop {
        if let Some(io) = cause.downcast_ref::<std::io::Error>()
            && io
                .get_ref()
                .is_some_and(|inner| inner.is::<crate::files::SourceFailed>())
        {
            return Some(io);
        }
        cause = cause.source()?;
    }
}
