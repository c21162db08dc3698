//! Sending to a registry (OCI distribution specification, "Pushing").

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};

use super::client::Repository;
use super::error::{problem, transport};
use crate::ImageError;

impl Repository {
    /// Whether a blob is there.
    pub(super) async fn has_blob(&self, digest: &str) -> Result<bool, ImageError> {
        let doing = format!("looking for {digest}");
        let url = self.endpoint.url(&self.name, "blobs", digest);
        let response = self.authorized(|| self.http.head(&url), &doing).await?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(false),
            _ => self.check(&response, &doing).map(|()| true),
        }
    }

    /// Sends a blob in one piece.
    pub(super) async fn put_blob(
        &self,
        digest: &str,
        size: u64,
        pieces: BoxStream<'static, io::Result<Bytes>>,
    ) -> Result<(), ImageError> {
        let doing = format!("sending {digest}");
        let url = self.endpoint.url(&self.name, "blobs", "uploads/");
        let begun = self
            .authorized(|| self.http.post(&url).header(CONTENT_LENGTH, 0), &doing)
            .await?;
        self.check(&begun, &doing)?;
        let mut to = self.location(&begun, &url)?;
        to.query_pairs_mut().append_pair("digest", digest);
        let sent = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&sent);
        let pieces = pieces.inspect_ok(move |piece| {
            counted.fetch_add(piece.len() as u64, Ordering::Relaxed);
        });
        let request = self
            .http
            .request(Method::PUT, to.clone())
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, size)
            .body(reqwest::Body::wrap_stream(pieces.boxed()));
        // The registry's own word goes to the registry alone.
        let request = match self.is_own(&to) {
            true => self.with_authorization(request).await,
            false => request,
        };
        let response = self.while_it_moves(request, &sent, &doing).await?;
        self.check(&response, &doing)
    }

    /// Sends a manifest under a tag.
    pub(super) async fn put_manifest(
        &self,
        tag: &str,
        media_type: &'static str,
        bytes: Vec<u8>,
    ) -> Result<(), ImageError> {
        let doing = format!("sending the manifest {tag}");
        let url = self.endpoint.url(&self.name, "manifests", tag);
        let request = || {
            let request = self.http.put(&url).header(CONTENT_TYPE, media_type);
            request.body(bytes.clone())
        };
        let response = self.authorized(request, &doing).await?;
        self.check(&response, &doing)
    }

    /// Where an upload goes to.
    fn location(&self, begun: &Response, url: &str) -> Result<Url, ImageError> {
        let to = begun
            .headers()
            .get(LOCATION)
            .and_then(|to| to.to_str().ok());
        let base = Url::parse(url).ok();
        let to = to.and_then(|to| base?.join(to).ok());
        to.filter(|to| self.endpoint.may_lead_to(to))
            .ok_or_else(|| {
                problem(
                    &self.endpoint,
                    "it says no place for uploads, or one that is not safe",
                )
            })
    }

    /// Whether an address is the registry's own.
    fn is_own(&self, url: &Url) -> bool {
        let own = Url::parse(&self.endpoint.url(&self.name, "blobs", ""));
        own.is_ok_and(|own| own.origin() == url.origin())
    }

    /// Waits for an answer as long as bytes go out.
    async fn while_it_moves(
        &self,
        request: RequestBuilder,
        sent: &AtomicU64,
        doing: &str,
    ) -> Result<Response, ImageError> {
        let mut answer = std::pin::pin!(request.send());
        let mut before = None;
        loop {
            tokio::select! {
                answer = &mut answer => {
                    return answer.map_err(|error| transport(&self.endpoint, doing, &error));
                }
                () = tokio::time::sleep(self.patience) => {
                    let now = sent.load(Ordering::Relaxed);
                    if before.replace(now) == Some(now) {
                        return Err(ImageError::TimedOut {
                            registry: self.endpoint.name.clone(),
                            seconds: self.patience.as_secs(),
                            doing: doing.to_owned(),
                        });
                    }
                }
            }
        }
    }
}
