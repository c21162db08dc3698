//! The client: where the backend is, and the key for it.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::request::Request;
use crate::{Address, ClientError, Result, tls};

const KEY: HeaderName = HeaderName::from_static("x-api-key");

/// A client of one backend. A clone is cheap and shares the connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    address: Address,
}

impl Client {
    /// A client of the backend at `address`, which sends `key` where there is one.
    ///
    /// # Errors
    /// [`ClientError::Setup`] for a key that can't stand in a header, or where TLS can't be set
    /// up.
    pub fn new(address: Address, key: Option<&str>) -> Result<Self> {
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            let mut value = HeaderValue::from_str(key).map_err(|_| {
                ClientError::Setup(
                    "the API key may have letters, digits and signs of ASCII only".to_owned(),
                )
            })?;
            value.set_sensitive(true);
            headers.insert(KEY, value);
        }
        let http = reqwest::Client::builder()
            .user_agent(concat!("ctnr/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(Duration::from_secs(10))
            .tcp_nodelay(true)
            // The key must not follow a redirect to somewhere else.
            .redirect(reqwest::redirect::Policy::none())
            .tls_backend_preconfigured(tls::config(&address)?)
            .build()
            .map_err(|error| ClientError::Setup(crate::error::root_cause(&error)))?;
        Ok(Self { http, address })
    }

    /// Where the backend is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) fn get(&self, segments: &[&str]) -> Request {
        self.request(Method::GET, segments)
    }

    pub(crate) fn post(&self, segments: &[&str]) -> Request {
        self.request(Method::POST, segments)
    }

    pub(crate) fn put(&self, segments: &[&str]) -> Request {
        self.request(Method::PUT, segments)
    }

    pub(crate) fn delete(&self, segments: &[&str]) -> Request {
        self.request(Method::DELETE, segments)
    }

    fn request(&self, method: Method, segments: &[&str]) -> Request {
        let url = self.address.route(segments);
        let route = format!("{method} {}", url.path());
        Request::new(self.http.request(method, url), self.address.clone(), route)
    }
}
