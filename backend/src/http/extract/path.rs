//! Ids in paths.

use std::collections::BTreeMap;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use ctnr_model::{ContainerQuery, ExecId, SandboxQuery};

use crate::http::error::{ApiError, Result};

/// The parts of a path that a route leaves open, decoded.
pub(in crate::http) struct PathText(BTreeMap<String, String>);

impl PathText {
    /// The part of this name; empty where the route has none.
    pub(in crate::http) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|error| {
                ApiError::bad_request(format!("the path can't be read: {}", error.body_text()))
            })?;
        Ok(Self(
            params
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        ))
    }
}

/// `{id}`: a sandbox's id, the unique start of one, or a name. What can be neither is not found,
/// as the specification has it for ids that do not exist.
pub(in crate::http) struct SandboxRef(pub(in crate::http) SandboxQuery);

impl SandboxRef {
    pub(in crate::http) fn parse(text: &str) -> Result<Self> {
        SandboxQuery::parse(text)
            .map(Self)
            .map_err(|_| ApiError::not_found("sandbox not found"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SandboxRef {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let path = PathText::from_request_parts(parts, state).await?;
        Self::parse(path.get("id"))
    }
}

/// `{id}`: a container's id, the unique start of one, or a name.
pub(in crate::http) struct ContainerRef(pub(in crate::http) ContainerQuery);

impl ContainerRef {
    pub(in crate::http) fn parse(text: &str) -> Result<Self> {
        ContainerQuery::parse(text)
            .map(Self)
            .map_err(|_| ApiError::not_found("container not found"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ContainerRef {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let path = PathText::from_request_parts(parts, state).await?;
        Self::parse(path.get("id"))
    }
}

/// `{exec}`: a detached command's id.
pub(in crate::http) struct ExecRef(pub(in crate::http) ExecId);

impl<S: Send + Sync> FromRequestParts<S> for ExecRef {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let path = PathText::from_request_parts(parts, state).await?;
        ExecId::parse(path.get("exec"))
            .map(Self)
            .map_err(|_| ApiError::not_found("exec not found in this sandbox"))
    }
}
