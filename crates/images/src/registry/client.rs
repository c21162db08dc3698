//! Requests to a registry.

use std::time::Duration;

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE,
};
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::challenge::Challenge;
use super::credentials::Credentials;
use super::endpoint::Endpoint;
use super::error::{problem, within};
use super::tls;
use crate::ImageError;

/// Every form of manifest that is understood.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";
/// The largest answer of a token server, in bytes.
const TOKEN_MAX: u64 = 256 * 1024;

/// A repository of a registry.
pub(super) struct Repository {
    /// The registry.
    pub(super) endpoint: Endpoint,
    /// How long it may be silent.
    pub(super) patience: Duration,
    pub(super) name: String,
    pub(super) http: reqwest::Client,
    credentials: Credentials,
    authorization: Mutex<Option<HeaderValue>>,
}

/// A document as it came.
pub(super) struct Document {
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// What the registry says it is.
    pub(super) media_type: Option<String>,
    /// The digest that the registry says it has.
    pub(super) digest: Option<String>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
}

impl Repository {
    /// Gets ready to ask for a repository. Nothing is sent.
    pub(super) fn new(
        endpoint: Endpoint,
        name: &str,
        credentials: Credentials,
        patience: Duration,
    ) -> Result<Self, ImageError> {
        let http = tls::client(&endpoint)?;
        let authorization = Mutex::new(None);
        Ok(Self {
            endpoint,
            patience,
            name: name.to_owned(),
            http,
            credentials,
            authorization,
        })
    }

    /// Fetches a manifest or index by tag or digest.
    pub(super) async fn manifest(&self, name: &str, limit: u64) -> Result<Document, ImageError> {
        let doing = format!("fetching the manifest {name}");
        let url = self.endpoint.url(&self.name, "manifests", name);
        let response = self.get(&url, Some(MANIFESTS), &doing).await?;
        let header = |name: &str| header(response.headers(), name);
        let media_type = header(CONTENT_TYPE.as_str());
        let digest = header("docker-content-digest");
        let bytes = self.body(response, limit, &doing).await?;
        Ok(Document {
            bytes,
            media_type,
            digest,
        })
    }

    /// Fetches a small blob.
    pub(super) async fn document(&self, digest: &str, limit: u64) -> Result<Vec<u8>, ImageError> {
        let doing = format!("fetching {digest}");
        let response = self.blob(digest).await?;
        self.body(response, limit, &doing).await
    }

    /// Begins to fetch a blob.
    pub(super) async fn blob(&self, digest: &str) -> Result<Response, ImageError> {
        let url = self.endpoint.url(&self.name, "blobs", digest);
        self.get(&url, None, &format!("fetching {digest}")).await
    }

    /// Reads an answer of at most `limit` bytes.
    async fn body(
        &self,
        mut response: Response,
        limit: u64,
        doing: &str,
    ) -> Result<Vec<u8>, ImageError> {
        let too_large = || ImageError::TooLarge {
            what: format!("the answer to {doing}"),
            limit: ctnr_model::ByteSize::from_bytes(limit).to_string(),
            advice: "no real image needs that much",
        };
        let mut bytes = Vec::new();
        while let Some(chunk) =
            within(self.patience, &self.endpoint, doing, response.chunk()).await?
        {
            if (bytes.len() + chunk.len()) as u64 > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    async fn get(
        &self,
        url: &str,
        accept: Option<&'static str>,
        doing: &str,
    ) -> Result<Response, ImageError> {
        let request = || {
            let request = self.http.get(url);
            match accept {
                Some(accept) => request.header(ACCEPT, accept),
                None => request,
            }
        };
        let response = self.authorized(request, doing).await?;
        self.check(&response, doing)?;
        Ok(response)
    }

    /// Sends a request, and again after it has logged in where the registry asks for that. What the
    /// answer means is the caller's business.
    pub(super) async fn authorized(
        &self,
        request: impl Fn() -> RequestBuilder,
        doing: &str,
    ) -> Result<Response, ImageError> {
        let send = async |request| {
            let request = self.with_authorization(request).await;
            within(self.patience, &self.endpoint, doing, request.send()).await
        };
        let response = send(request()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        self.log_in(response.headers()).await?;
        send(request()).await
    }

    /// The request with what the registry has given.
    pub(super) async fn with_authorization(&self, request: RequestBuilder) -> RequestBuilder {
        match self.authorization.lock().await.clone() {
            Some(authorization) => request.header(AUTHORIZATION, authorization),
            None => request,
        }
    }

    /// Makes an error of an answer that is one.
    pub(super) fn check(&self, response: &Response, doing: &str) -> Result<(), ImageError> {
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.unauthorized(),
            StatusCode::NOT_FOUND => ImageError::NotInRegistry {
                registry: self.endpoint.name.clone(),
                name: self.name.to_string(),
                doing: doing.to_owned(),
            },
            StatusCode::TOO_MANY_REQUESTS => problem(
                &self.endpoint,
                "too many requests: wait a while, or log in with `docker login`",
            ),
            status => problem(
                &self.endpoint,
                format!("{doing} was answered by {status}; try again"),
            ),
        })
    }

    fn unauthorized(&self) -> ImageError {
        ImageError::Unauthorized {
            registry: self.endpoint.name.clone(),
            repository: self.name.clone(),
        }
    }

    /// Does what a registry asks for before it answers.
    async fn log_in(&self, headers: &HeaderMap) -> Result<(), ImageError> {
        let challenge = headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .find_map(Challenge::parse)
            .ok_or_else(|| self.unauthorized())?;
        let header = match (&challenge, &self.credentials) {
            (Challenge::Basic, Credentials::Basic { username, password }) => {
                basic(username, password)
            }
            (Challenge::Basic, _) => return Err(self.unauthorized()),
            (
                Challenge::Bearer {
                    realm,
                    service,
                    scope,
                },
                _,
            ) => {
                let token = self
                    .token(realm, service.as_deref(), scope.as_deref())
                    .await?;
                format!("Bearer {token}")
            }
        };
        let mut value = HeaderValue::try_from(header)
            .map_err(|_| problem(&self.endpoint, "its token is no valid one"))?;
        value.set_sensitive(true);
        *self.authorization.lock().await = Some(value);
        Ok(())
    }

    /// Gets a token for this repository.
    async fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        scope: Option<&str>,
    ) -> Result<String, ImageError> {
        let doing = "logging in";
        let url = Url::parse(realm)
            .ok()
            .filter(|url| self.endpoint.may_lead_to(url))
            .ok_or_else(|| {
                problem(
                    &self.endpoint,
                    format!("it sends passwords to {realm:?}, which is not safe"),
                )
            })?;
        let wanted = format!("repository:{}:pull", self.name);
        let mut query = vec![("scope", scope.unwrap_or(&wanted))];
        query.extend(service.map(|service| ("service", service)));
        let request = match &self.credentials {
            Credentials::Anonymous => self.http.get(url).query(&query),
            Credentials::Basic { username, password } => self
                .http
                .get(url)
                .query(&query)
                .header(AUTHORIZATION, basic(username, password)),
            Credentials::IdentityToken(token) => {
                query.extend([
                    ("grant_type", "refresh_token"),
                    ("client_id", "ctnr"),
                    ("refresh_token", token),
                ]);
                // A form is written as a query is.
                let form = Url::parse_with_params("http://form.invalid", &query);
                let form = form.ok().and_then(|url| url.query().map(str::to_owned));
                self.http
                    .post(url)
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form.unwrap_or_default())
            }
        };
        let response = within(self.patience, &self.endpoint, doing, request.send()).await?;
        self.check(&response, doing)?;
        let bytes = self.body(response, TOKEN_MAX, doing).await?;
        let answer: TokenAnswer = serde_json::from_slice(&bytes)
            .map_err(|_| problem(&self.endpoint, "its token server answered something else"))?;
        answer
            .token
            .or(answer.access_token)
            .filter(|token| !token.is_empty())
            .ok_or_else(|| self.unauthorized())
    }
}

fn basic(username: &str, password: &str) -> String {
    use base64::Engine as _;
    let text = format!("{username}:{password}");
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(text)
    )
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
