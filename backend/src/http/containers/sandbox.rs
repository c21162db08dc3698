//! The sandbox of a container, where a route is about what is inside.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;

use crate::http::Api;
use crate::http::error::ApiError;
use crate::http::extract::{ContainerRef, SandboxRef};

/// `{id}`: the sandbox of a container, which is made where it has none.
pub(super) struct Inside(pub(super) SandboxRef);

impl<S: Send + Sync> FromRequestParts<S> for Inside
where
    Api: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let ContainerRef(query) = ContainerRef::from_request_parts(parts, state).await?;
        let sandbox = Api::from_ref(state)
            .app
            .sandbox_of_container(&query)
            .await?;
        Ok(Self(SandboxRef(sandbox)))
    }
}
