//! Links that open a sandbox's port in a browser.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// `POST /v1/sandboxes/{id}/links`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkRequest {
    /// The sandbox's TCP port, published or not.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, example = 3000))]
    pub port: u16,
}

/// A link that opens a port in a browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Link {
    /// The link. Who has it reaches the port, so it is a secret where it holds a ticket.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "http://3000--a3f8c2d1e4b5.localhost:8080/")
    )]
    pub url: String,
    /// When its ticket ends, where it holds one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Timestamp>,
}
