//! Queries.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::http::error::{ApiError, Result};

/// The query of a request. A parameter that is not known is refused by name; one that is a list
/// can be given several times.
pub(in crate::http) struct Params<T>(pub(in crate::http) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T> {
    let form = serde_html_form::Deserializer::from_bytes(query.as_bytes());
    serde_path_to_error::deserialize(form).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        ApiError::bad_request(match path.as_str() {
            "." | "?" => format!("invalid query: {cause}"),
            path => format!("invalid query: {path}: {cause}"),
        })
    })
}

#[cfg(test)]
mod tests {
    use ctnr_api::{FilePathQuery, ListQuery};

    use super::*;

    #[test]
    fn messages_name_the_parameter() {
        for (query, part) in [
            ("al=1", "unknown field `al`"),
            ("all=maybe", "all: "),
            ("limit=-1", "limit: "),
            ("state=running&state=gone", "state"),
        ] {
            let message = match parse::<ListQuery>(query) {
                Ok(_) => panic!("{query} was read"),
                Err(error) => error.into_body().message,
            };
            assert!(message.contains(part), "{query}: {message}");
        }
        assert!(parse::<FilePathQuery>("path=relative").is_err());
        assert!(parse::<FilePathQuery>("").is_err());
    }
}
