//! A request to the routes of REST, in the making.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderName, HeaderValue, Method, Request, header};
use ctnr_api::ErrorCode;
use serde_json::Value;
use tonic::Status;

use super::call::Call;
use super::status;
use crate::http::ApiOnly;

/// A request to a route.
pub(super) struct Asked {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    headers: Vec<(HeaderName, String)>,
    content: Content,
}

/// What a request carries.
enum Content {
    Nothing,
    Json(Value),
    Bytes(Body),
}

impl Asked {
    /// A request to the route of these segments, each of which is one whatever it holds.
    ///
    /// # Errors
    /// Where one is empty, which would be another route.
    pub(super) fn new(method: Method, segments: &[&str]) -> Result<Self, Status> {
        let mut path = String::new();
        for segment in segments {
            if segment.is_empty() {
                return Err(status::of(
                    ErrorCode::BadRequest,
                    "a field that names what is meant (an id, a name) is empty; fill it in",
                ));
            }
            path.push('/');
            // `.` and `..` are the segment of no route, and of none above it either.
            let plain: &[u8] = if segment.bytes().all(|byte| byte == b'.') {
                b""
            } else {
                b"-_."
            };
            for &byte in segment.as_bytes() {
                if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
                    path.push(char::from(byte));
                } else {
                    path += &format!("%{byte:02X}");
                }
            }
        }
        Ok(Self {
            method,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            content: Content::Nothing,
        })
    }

    /// A request to a container, or to the route below it.
    pub(super) fn container(method: Method, id: &str, below: &[&str]) -> Result<Self, Status> {
        let mut segments = vec!["api", "containers", id];
        segments.extend(below);
        Self::new(method, &segments)
    }

    /// With a parameter in the query, where there is one.
    pub(super) fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query
            .extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// With a parameter for each of these.
    pub(super) fn each(mut self, name: &'static str, values: Vec<String>) -> Self {
        self.query
            .extend(values.into_iter().map(|value| (name, value)));
        self
    }

    /// With a header, where there is one.
    pub(super) fn header(mut self, name: HeaderName, value: Option<impl ToString>) -> Self {
        self.headers
            .extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// With JSON.
    pub(super) fn json(mut self, body: Value) -> Self {
        self.content = Content::Json(body);
        self
    }

    /// With bytes as they come.
    pub(super) fn bytes(mut self, body: Body) -> Self {
        self.content = Content::Bytes(body);
        self
    }

    /// The request, as it comes from the caller.
    ///
    /// # Errors
    /// Where a value can't be written in a header.
    pub(super) fn by(self, call: &Call) -> Result<Request<Body>, Status> {
        let bad =
            |what: &str| status::of(ErrorCode::BadRequest, format!("{what} can't be sent on"));
        let query = serde_html_form::to_string(&self.query).map_err(|_| bad("the request"))?;
        let uri = if query.is_empty() {
            self.path
        } else {
            format!("{}?{query}", self.path)
        };
        let (body, content_type) = match self.content {
            Content::Nothing => (Body::empty(), None),
            Content::Json(body) => (Body::from(body.to_string()), Some("application/json")),
            Content::Bytes(body) => (body, Some("application/octet-stream")),
        };
        let mut request = Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = uri.parse().map_err(|_| bad("the id"))?;
        let headers = request.headers_mut();
        call.tell_who(headers);
        if let Some(content_type) = content_type {
            let content_type = HeaderValue::from_static(content_type);
            headers.insert(header::CONTENT_TYPE, content_type);
        }
        for (name, value) in self.headers {
            let value = HeaderValue::from_str(&value).map_err(|_| bad(name.as_str()))?;
            headers.insert(name, value);
        }
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(call.peer()));
        extensions.insert(ApiOnly);
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(segments: &[&str]) -> String {
        Asked::new(Method::GET, segments).unwrap().path
    }

    #[test]
    fn a_segment_stays_one() {
        for (segment, written) in [
            ("app", "/api/app"),
            ("openapi.json", "/api/openapi.json"),
            ("../jobs", "/api/..%2Fjobs"),
            (".", "/api/%2E"),
            ("..", "/api/%2E%2E"),
            ("a?b#c", "/api/a%3Fb%23c"),
            ("%2e%2e", "/api/%252e%252e"),
            ("ä\r\n\0", "/api/%C3%A4%0D%0A%00"),
        ] {
            assert_eq!(path(&["api", segment]), written);
        }
        assert!(Asked::new(Method::GET, &["api", ""]).is_err());
    }
}
