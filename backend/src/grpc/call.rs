//! Who calls, and with which metadata.

use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use ctnr_api::ErrorCode;
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

use super::status;

/// What tells a caller apart, and is passed on to the routes of REST. The rest says how the call is
/// written down, or is nothing that those know; what backends tell each other does not come this
/// way.
const PASSED_ON: [&str; 12] = [
    "authorization",
    "forwarded",
    "origin",
    "sec-fetch-mode",
    "sec-fetch-site",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-api-key",
    "x-forwarded-for",
    "x-real-ip",
    "x-request-id",
];

/// The connection of a call.
#[derive(Clone)]
pub(super) struct Caller {
    /// The other end.
    pub(super) peer: SocketAddr,
    /// The name by which the server was called.
    pub(super) authority: Option<HeaderValue>,
}

/// A call without its message.
pub(super) struct Call {
    caller: Caller,
    headers: HeaderMap,
}

impl Call {
    /// Takes a call apart.
    pub(super) fn of<T>(request: Request<T>) -> Result<(Self, T), Status> {
        let (metadata, extensions, message) = request.into_parts();
        let call = Self::new(extensions.get(), metadata.into_headers())?;
        Ok((call, message))
    }

    /// A call that came with these headers.
    pub(super) fn new(caller: Option<&Caller>, headers: HeaderMap) -> Result<Self, Status> {
        let caller = caller
            .cloned()
            .ok_or_else(|| status::of(ErrorCode::InternalError, "it is not known who calls"))?;
        Ok(Self { caller, headers })
    }

    /// The other end of the connection.
    pub(super) fn peer(&self) -> SocketAddr {
        self.caller.peer
    }

    /// Says in the headers of a request to REST who calls.
    pub(super) fn tell_who(&self, headers: &mut HeaderMap) {
        for name in PASSED_ON.map(HeaderName::from_static) {
            for value in self.headers.get_all(&name) {
                headers.append(name.clone(), value.clone());
            }
        }
        if let Some(authority) = &self.caller.authority {
            headers.insert(header::HOST, authority.clone());
        }
    }
}

/// What a caller is told of the headers of an answer.
pub(super) fn told(headers: &HeaderMap) -> MetadataMap {
    const TOLD: [&str; 3] = ["x-request-id", "retry-after", "last-event-id"];
    let mut kept = HeaderMap::new();
    for name in TOLD.map(HeaderName::from_static) {
        if let Some(value) = headers.get(&name) {
            kept.insert(name, value.clone());
        }
    }
    MetadataMap::from_headers(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::INTERNAL_HEADER;

    #[test]
    fn only_who_calls_is_passed_on() {
        let mut request = Request::new(());
        request.extensions_mut().insert(Caller {
            peer: ([127, 0, 0, 1], 5000).into(),
            authority: Some(HeaderValue::from_static("localhost:50051")),
        });
        let metadata = request.metadata_mut();
        for name in [
            "x-api-key",
            "x-forwarded-for",
            INTERNAL_HEADER,
            "x-ctnr-caller",
            "content-type",
            "host",
            "cookie",
            "upgrade",
            "sec-websocket-protocol",
        ] {
            metadata.insert(name, "value".parse().unwrap());
        }
        let (call, ()) = Call::of(request).unwrap();
        let mut headers = HeaderMap::new();
        call.tell_who(&mut headers);
        let names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["x-api-key", "x-forwarded-for", "host"]);
        assert_eq!(headers["host"], "localhost:50051");
    }

    #[test]
    fn a_call_without_a_connection_is_refused() {
        assert!(Call::of(Request::new(())).is_err());
    }
}
