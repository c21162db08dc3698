//! `{port}--{id}.localhost`, and the same below a configured domain.

use axum::extract::Request;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use ctnr_api::ErrorCode;
use ctnr_model::{ContainerPort, SandboxQuery};

use super::forward::{Destination, forward};
use super::{path, ticket};
use crate::access::Principal;
use crate::http::Api;
use crate::http::access::{HostName, WebOrigin};
use crate::http::error::{ApiError, Result};
use crate::http::extract::SandboxRef;

/// A port of a sandbox, as a host's name says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct PortHost {
    pub(in crate::http) sandbox: SandboxQuery,
    pub(super) port: ContainerPort,
    /// The whole name, by which the caller called.
    pub(super) host: HostName,
}

impl PortHost {
    /// The port that a host's name means; `None` for a name of the API itself.
    ///
    /// # Errors
    /// For a name that begins as such a one, and means no port or no sandbox.
    pub(in crate::http) fn parse(host: &HostName, domain: Option<&str>) -> Result<Option<Self>> {
        let below = |domain: &str| host.name().strip_suffix(domain)?.strip_suffix('.');
        let Some(label) = below("localhost").or_else(|| below(domain?)) else {
            return Ok(None);
        };
        let Some((port, sandbox)) = label.split_once("--") else {
            return Ok(None);
        };
        let SandboxRef(sandbox) = SandboxRef::parse(sandbox)?;
        Ok(Some(Self {
            sandbox,
            port: path::port(port)?,
            host: host.clone(),
        }))
    }
}

/// How a request whose `Host` names a port is served.
pub(in crate::http) enum LetIn {
    /// By this answer, which exchanges a ticket for a cookie.
    Answer(Response),
    /// As whoever made the link that the browser has a cookie of.
    As(Principal),
    /// There is no cookie: the caller's key decides.
    Unknown,
}

/// Decides by what a browser sends whether a request whose `Host` names a port is served.
///
/// # Errors
/// For pages of other origins.
pub(in crate::http) fn let_in(api: &Api, to: &PortHost, request: &Request) -> Result<LetIn> {
    check_origin(api, to, request)?;
    if let Some(redirect) = ticket::redeem(api, to, request.uri()) {
        return Ok(LetIn::Answer(redirect.into_response()));
    }
    Ok(ticket::holder(api, to, request.headers()).map_or(LetIn::Unknown, LetIn::As))
}

/// Answers a request whose `Host` names a port, of a caller who was let in.
pub(in crate::http) async fn by_host(
    api: &Api,
    to: PortHost,
    request: Request,
) -> Result<Response> {
    let target = request
        .uri()
        .path_and_query()
        .map_or(Ok(Uri::from_static("/")), |path| path.as_str().parse())
        .map_err(|_| ApiError::bad_request("the path can't be read"))?;
    let destination = Destination {
        sandbox: &to.sandbox,
        port: to.port,
        target,
        prefix: None,
    };
    forward(api, destination, request).await
}

/// Pages of the same sandbox may call each other's ports; others may not.
fn check_origin(api: &Api, to: &PortHost, request: &Request) -> Result<()> {
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        return Ok(());
    };
    let domain = api.shared.options.proxy_domain.as_deref();
    let allowed = origin
        .to_str()
        .ok()
        .and_then(|origin| WebOrigin::parse(origin).ok())
        .and_then(|origin| PortHost::parse(origin.host(), domain).ok().flatten())
        .is_some_and(|from| from.sandbox == to.sandbox);
    if allowed {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::Forbidden,
        "a page of another origin may not call a sandbox's program through the API; publish the port for that",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_name_ports() {
        let parse = |host: &str| PortHost::parse(&HostName::parse(host), Some("apps.example.com"));
        for host in [
            "3000--my-web.localhost:8080",
            "3000--my-web.apps.example.com",
        ] {
            let target = parse(host).unwrap().unwrap();
            assert_eq!(target.port.port, 3000);
            assert_eq!(target.sandbox.as_str(), "my-web");
        }
        for host in [
            "localhost",
            "web.localhost",
            "3000--web.example.com",
            "3000--web.notapps.example.com",
            "apps.example.com",
            "3000--weblocalhost",
        ] {
            assert_eq!(parse(host).unwrap(), None, "{host}");
        }
        for host in ["0--web.localhost", "x--web.localhost", "3000--a~.localhost"] {
            assert!(parse(host).is_err(), "{host}");
        }
    }
}
