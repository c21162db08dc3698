//! Which scope each route needs.
//!
//! A route that is not in the table needs `admin`. A test walks the OpenAPI document, so that none
//! is left out by accident; what the document says of scopes comes from here.

use axum::http::Method;
use ctnr_api::ErrorCode;
use ctnr_model::{Area, EventSubject, Scope};

use crate::access::Principal;
use crate::http::error::{ApiError, Result};

/// What a caller needs for a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Need {
    /// To be a caller: there is nothing to protect from one.
    Caller,
    /// One of the scopes.
    OneOf(&'static [Scope]),
}

use Area::{Containers, Hosts, Images, Jobs, Sandboxes};
use Scope::{Admin, Read, Write};

const CALLER: Need = Need::Caller;
const ADMIN: Need = Need::OneOf(&[Admin]);
const LOOK_SANDBOXES: Need = Need::OneOf(&[Read(Sandboxes)]);
const USE_SANDBOXES: Need = Need::OneOf(&[Write(Sandboxes)]);
const LOOK_CONTAINERS: Need = Need::OneOf(&[Read(Containers)]);
const USE_CONTAINERS: Need = Need::OneOf(&[Write(Containers)]);
const LOOK_IMAGES: Need = Need::OneOf(&[Read(Images)]);
const USE_IMAGES: Need = Need::OneOf(&[Write(Images)]);
const LOOK_JOBS: Need = Need::OneOf(&[Read(Jobs)]);
const USE_JOBS: Need = Need::OneOf(&[Write(Jobs)]);
const LOOK_HOSTS: Need = Need::OneOf(&[Read(Hosts)]);
const USE_HOSTS: Need = Need::OneOf(&[Write(Hosts)]);
/// What is told is narrowed to what the caller may see: [`visible`].
const EVENTS: Need = Need::OneOf(&[Read(Sandboxes), Read(Images), Read(Containers), Read(Jobs)]);

/// The routes, each with its methods. What a program in a sandbox or container is asked, and the
/// files that it has, need the scope to change: there is no telling what such a request does.
const ROUTES: &[(&str, &[(&str, Need)])] = &[
    (
        "/v1/sandboxes",
        &[("GET", LOOK_SANDBOXES), ("POST", USE_SANDBOXES)],
    ),
    (
        "/v1/sandboxes/{id}",
        &[("GET", LOOK_SANDBOXES), ("DELETE", USE_SANDBOXES)],
    ),
    (
        "/v1/sandboxes/{id}/exec",
        &[("GET", USE_SANDBOXES), ("POST", USE_SANDBOXES)],
    ),
    ("/v1/sandboxes/{id}/exec/ws", &[("GET", USE_SANDBOXES)]),
    ("/v1/sandboxes/{id}/exec/{exec}", &[("GET", USE_SANDBOXES)]),
    (
        "/v1/sandboxes/{id}/exec/{exec}/output",
        &[("GET", USE_SANDBOXES)],
    ),
    (
        "/v1/sandboxes/{id}/exec/{exec}/resize",
        &[("POST", USE_SANDBOXES)],
    ),
    (
        "/v1/sandboxes/{id}/exec/{exec}/signal",
        &[("POST", USE_SANDBOXES)],
    ),
    (
        "/v1/sandboxes/{id}/exec/{exec}/ws",
        &[("GET", USE_SANDBOXES)],
    ),
    (
        "/v1/sandboxes/{id}/files",
        &[
            ("GET", USE_SANDBOXES),
            ("PUT", USE_SANDBOXES),
            ("DELETE", USE_SANDBOXES),
        ],
    ),
    (
        "/v1/sandboxes/{id}/files/archive",
        &[("GET", USE_SANDBOXES), ("PUT", USE_SANDBOXES)],
    ),
    ("/v1/sandboxes/{id}/files/list", &[("GET", USE_SANDBOXES)]),
    ("/v1/sandboxes/{id}/files/mkdir", &[("POST", USE_SANDBOXES)]),
    ("/v1/sandboxes/{id}/files/move", &[("POST", USE_SANDBOXES)]),
    ("/v1/sandboxes/{id}/files/stat", &[("GET", USE_SANDBOXES)]),
    ("/v1/sandboxes/{id}/files/watch", &[("GET", USE_SANDBOXES)]),
    ("/v1/sandboxes/{id}/links", &[("POST", USE_SANDBOXES)]),
    ("/v1/sandboxes/{id}/logs", &[("GET", LOOK_SANDBOXES)]),
    ("/v1/sandboxes/{id}/proxy/{port}", &[(ANY, USE_PORT)]),
    ("/v1/sandboxes/{id}/proxy/{port}/", &[(ANY, USE_PORT)]),
    (
        "/v1/sandboxes/{id}/proxy/{port}/{*path}",
        &[(ANY, USE_PORT)],
    ),
    ("/v1/sandboxes/{id}/restart", &[("POST", USE_SANDBOXES)]),
    ("/v1/sandboxes/{id}/stats", &[("GET", LOOK_SANDBOXES)]),
    ("/v1/sandboxes/{id}/stop", &[("POST", USE_SANDBOXES)]),
    (
        "/v1/images",
        &[("GET", LOOK_IMAGES), ("DELETE", USE_IMAGES)],
    ),
    ("/v1/images/export", &[("GET", LOOK_IMAGES)]),
    ("/v1/images/import", &[("POST", USE_IMAGES)]),
    ("/v1/images/inspect", &[("GET", LOOK_IMAGES)]),
    ("/v1/images/prune", &[("POST", USE_IMAGES)]),
    ("/v1/images/pull", &[("POST", USE_IMAGES)]),
    ("/v1/images/tag", &[("POST", USE_IMAGES)]),
    ("/v1/events", &[("GET", EVENTS)]),
    ("/v1/info", &[("GET", CALLER)]),
    (
        "/api/containers",
        &[
            ("GET", LOOK_CONTAINERS),
            ("POST", USE_CONTAINERS),
            ("DELETE", USE_CONTAINERS),
        ],
    ),
    (
        "/api/containers/{id}",
        &[("GET", LOOK_CONTAINERS), ("DELETE", USE_CONTAINERS)],
    ),
    ("/api/containers/{id}/capture", &[("POST", USE_CONTAINERS)]),
    (
        "/api/containers/{id}/capture/finish",
        &[("POST", USE_CONTAINERS)],
    ),
    ("/api/containers/{id}/captures", &[("GET", LOOK_CONTAINERS)]),
    (
        "/api/containers/{id}/captures/{layer}/registry",
        &[("GET", USE_CONTAINERS)],
    ),
    ("/api/containers/{id}/clone", &[("POST", USE_CONTAINERS)]),
    (
        "/api/containers/{id}/exec",
        &[("GET", USE_CONTAINERS), ("POST", USE_CONTAINERS)],
    ),
    ("/api/containers/{id}/exec/ws", &[("GET", USE_CONTAINERS)]),
    (
        "/api/containers/{id}/exec/{exec}",
        &[("GET", USE_CONTAINERS)],
    ),
    (
        "/api/containers/{id}/exec/{exec}/output",
        &[("GET", USE_CONTAINERS)],
    ),
    (
        "/api/containers/{id}/exec/{exec}/resize",
        &[("POST", USE_CONTAINERS)],
    ),
    (
        "/api/containers/{id}/exec/{exec}/signal",
        &[("POST", USE_CONTAINERS)],
    ),
    (
        "/api/containers/{id}/exec/{exec}/ws",
        &[("GET", USE_CONTAINERS)],
    ),
    (
        "/api/containers/{id}/files",
        &[
            ("GET", USE_CONTAINERS),
            ("PUT", USE_CONTAINERS),
            ("DELETE", USE_CONTAINERS),
        ],
    ),
    (
        "/api/containers/{id}/files/archive",
        &[("GET", USE_CONTAINERS), ("PUT", USE_CONTAINERS)],
    ),
    (
        "/api/containers/{id}/files/list",
        &[("GET", USE_CONTAINERS)],
    ),
    (
        "/api/containers/{id}/files/mkdir",
        &[("POST", USE_CONTAINERS)],
    ),
    (
        "/api/containers/{id}/files/move",
        &[("POST", USE_CONTAINERS)],
    ),
    (
        "/api/containers/{id}/files/stat",
        &[("GET", USE_CONTAINERS)],
    ),
    (
        "/api/containers/{id}/files/watch",
        &[("GET", USE_CONTAINERS)],
    ),
    ("/api/containers/{id}/export", &[("GET", USE_CONTAINERS)]),
    ("/api/containers/{id}/logs", &[("GET", LOOK_CONTAINERS)]),
    ("/api/containers/{id}/manifest", &[("GET", LOOK_CONTAINERS)]),
    ("/api/containers/{id}/plan", &[("GET", LOOK_CONTAINERS)]),
    ("/api/containers/{id}/push", &[("POST", USE_CONTAINERS)]),
    ("/api/containers/{id}/reset", &[("POST", USE_CONTAINERS)]),
    ("/api/containers/{id}/rollback", &[("POST", USE_CONTAINERS)]),
    ("/api/containers/{id}/run", &[("POST", USE_CONTAINERS)]),
    ("/api/containers/{id}/runtime", &[("POST", USE_CONTAINERS)]),
    (
        "/api/containers/{id}/snapshots",
        &[("GET", LOOK_CONTAINERS), ("POST", USE_CONTAINERS)],
    ),
    (
        "/api/containers/{id}/snapshots/{name}",
        &[("DELETE", USE_CONTAINERS)],
    ),
    ("/api/containers/{id}/start", &[("POST", USE_CONTAINERS)]),
    ("/api/containers/{id}/stop", &[("POST", USE_CONTAINERS)]),
    ("/api/events/containers", &[("GET", EVENTS)]),
    ("/api/artifacts/import", &[("POST", USE_CONTAINERS)]),
    ("/api/artifacts/pull", &[("POST", USE_CONTAINERS)]),
    ("/api/layers", &[("POST", USE_CONTAINERS)]),
    (
        "/api/runtimes",
        &[("GET", LOOK_CONTAINERS), ("POST", USE_CONTAINERS)],
    ),
    ("/api/runtimes/{id}", &[("DELETE", USE_CONTAINERS)]),
    ("/api/uploads", &[("POST", USE_CONTAINERS)]),
    (
        "/api/uploads/{id}",
        &[
            ("GET", USE_CONTAINERS),
            ("PUT", USE_CONTAINERS),
            ("DELETE", USE_CONTAINERS),
        ],
    ),
    ("/api/jobs", &[("GET", LOOK_JOBS)]),
    (
        "/api/jobs/{id}",
        &[("GET", LOOK_JOBS), ("DELETE", USE_JOBS)],
    ),
    ("/api/jobs/{id}/events", &[("GET", LOOK_JOBS)]),
    ("/api/jobs/{id}/retry", &[("POST", USE_JOBS)]),
    ("/api/host", &[("GET", LOOK_HOSTS)]),
    ("/api/hosts", &[("GET", LOOK_HOSTS)]),
    ("/api/hosts/{id}", &[("GET", LOOK_HOSTS)]),
    (
        "/api/hosts/{id}/agent",
        &[("PUT", USE_HOSTS), ("DELETE", USE_HOSTS)],
    ),
    ("/metrics", &[("GET", LOOK_HOSTS)]),
    ("/api/keys", &[("GET", ADMIN), ("POST", ADMIN)]),
    ("/api/keys/{id}", &[("GET", ADMIN), ("DELETE", ADMIN)]),
    ("/healthz", &[("GET", CALLER)]),
    ("/openapi.json", &[("GET", CALLER)]),
    ("/docs", &[("GET", CALLER)]),
    ("/docs/try.js", &[("GET", CALLER)]),
    ("/docs/style.css", &[("GET", CALLER)]),
];

/// The method that stands for all.
const ANY: &str = "*";

/// The scope for a port of a sandbox, by whichever name it is reached.
pub(in crate::http) const USE_PORT: Need = USE_SANDBOXES;

/// What a route needs; `None` for the path of no route, where nothing is.
pub(in crate::http) fn need(method: &Method, route: Option<&str>) -> Need {
    let Some(route) = route else {
        return CALLER;
    };
    listed(method.as_str(), route).unwrap_or(ADMIN)
}

/// What the table says of a route.
pub(in crate::http) fn listed(method: &str, route: &str) -> Option<Need> {
    // A look at the headers is a look.
    let method = if method == "HEAD" { "GET" } else { method };
    let (_, methods) = ROUTES.iter().find(|(listed, _)| *listed == route)?;
    let (_, need) = methods
        .iter()
        .find(|(listed, _)| *listed == method || *listed == ANY)?;
    Some(*need)
}

/// Refuses a caller who lacks what is needed; the message names the scope.
pub(in crate::http) fn check(principal: &Principal, need: Need) -> Result<()> {
    let Need::OneOf(scopes) = need else {
        return Ok(());
    };
    if scopes.iter().any(|scope| principal.may(*scope)) {
        return Ok(());
    }
    Err(lacking(principal, scopes))
}

/// Leaves those subjects of which the caller may see events.
///
/// # Errors
/// Where none is left: no subject stands for all of them elsewhere.
pub(in crate::http) fn visible(
    principal: &Principal,
    mut subjects: Vec<EventSubject>,
) -> Result<Vec<EventSubject>> {
    let scopes: Vec<Scope> = subjects.iter().copied().map(seen_with).collect();
    subjects.retain(|subject| principal.may(seen_with(*subject)));
    if subjects.is_empty() {
        return Err(lacking(principal, &scopes));
    }
    Ok(subjects)
}

/// The scope to see what happens to a subject.
fn seen_with(subject: EventSubject) -> Scope {
    match subject {
        EventSubject::Sandbox => Read(Sandboxes),
        EventSubject::Image => Read(Images),
        EventSubject::Container => Read(Containers),
        EventSubject::Job => Read(Jobs),
    }
}

fn lacking(principal: &Principal, scopes: &[Scope]) -> ApiError {
    let scopes: Vec<String> = scopes.iter().map(Scope::to_string).collect();
    ApiError::new(
        ErrorCode::Forbidden,
        format!(
            "this needs the scope {}, which the {principal} lacks; make a key that has it with `ctnr key create --scope`",
            scopes.join(" or ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_needs_admin() {
        let need = |method: Method, route| need(&method, Some(route));
        assert_eq!(need(Method::GET, "/v1/secrets"), ADMIN);
        assert_eq!(need(Method::PATCH, "/v1/sandboxes"), ADMIN);
        assert_eq!(need(Method::HEAD, "/v1/sandboxes"), LOOK_SANDBOXES);
        assert_eq!(
            need(Method::PATCH, "/v1/sandboxes/{id}/proxy/{port}"),
            USE_PORT
        );
        assert_eq!(super::need(&Method::GET, None), CALLER);
    }

    #[test]
    fn every_operation_of_the_document_is_listed() {
        let document = serde_json::to_value(crate::http::document()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                let method = method.to_uppercase();
                assert!(listed(&method, path).is_some(), "{method} {path}");
            }
        }
    }
}
