//! JSON bodies.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use ctnr_api::ErrorCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::http::error::{ApiError, Result};

/// The most bytes of a JSON body.
const LIMIT: usize = 1024 * 1024;

/// The longest that a JSON body may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A JSON object. The content type is not asked for, as Docker's and Gin's servers do not; a page
/// of another origin is refused before.
pub(in crate::http) struct Body<T>(pub(in crate::http) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        parse(&read(request).await?).map(Self)
    }
}

/// A JSON object that may be left out.
pub(in crate::http) struct OptionalBody<T>(pub(in crate::http) Option<T>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let bytes = read(request).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(None));
        }
        parse(&bytes).map(|value| Self(Some(value)))
    }
}

async fn read(request: Request) -> Result<Bytes> {
    let body = Limited::new(request.into_body(), LIMIT).collect();
    let Ok(body) = tokio::time::timeout(PATIENCE, body).await else {
        return Err(ApiError::stalled(PATIENCE.as_secs()));
    };
    match body {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::new(
            ErrorCode::TooLarge,
            "the JSON body is larger than 1 MiB; send large content to the files or images routes",
        )),
        Err(error) => Err(ApiError::bad_request(format!(
            "the body could not be read: {error}"
        ))),
    }
}

/// Reads an object. A struct would also be read from an array of its fields, which no client
/// means.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => {}
        Some(_) => {
            return Err(ApiError::bad_request(
                "the body is not a JSON object; expected {…}",
            ));
        }
        None => {
            return Err(ApiError::bad_request(
                "the body is empty; expected a JSON object",
            ));
        }
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        ApiError::bad_request(match path.as_str() {
            "." | "?" => format!("invalid body: {cause}"),
            path => format!("invalid body: {path}: {cause}"),
        })
    })?;
    json.end()
        .map_err(|error| ApiError::bad_request(format!("invalid body: {error}")))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use ctnr_api::{CreateSandbox, ExecRequest};

    use super::*;

    fn message<T: DeserializeOwned>(text: &str) -> String {
        match parse::<T>(text.as_bytes()) {
            Ok(_) => panic!("{text} was read"),
            Err(error) => error.into_body().message,
        }
    }

    #[test]
    fn messages_name_the_field() {
        for (text, part) in [
            ("", "the body is empty"),
            ("[\"busybox\"]", "not a JSON object"),
            ("null", "not a JSON object"),
            ("{", "EOF"),
            ("{}", "missing field `image`"),
            ("{} {}", "missing field `image`"),
            (r#"{"image":"busybox"} x"#, "trailing characters"),
            (r#"{"image":7}"#, "image: invalid type: integer `7`"),
            (r#"{"image":"Bad Name"}"#, "image: invalid image reference"),
            (
                r#"{"image":"a","prots":[]}"#,
                "prots: unknown field `prots`",
            ),
            (r#"{"image":"a","ports":["x"]}"#, "ports[0]: invalid port"),
            (
                r#"{"image":"a","ports":"80"}"#,
                "ports: invalid type: string",
            ),
            (
                r#"{"image":"a","limits":{"memory":"x"}}"#,
                "limits.memory: invalid size",
            ),
            (
                r#"{"image":"a","limits":{"ram":1}}"#,
                "limits.ram: unknown field `ram`",
            ),
            (r#"{"image":"a","engine":"vm"}"#, "engine: unknown variant"),
            (r#"{"image":"a","image":"b"}"#, "duplicate field `image`"),
        ] {
            let message = message::<CreateSandbox>(text);
            assert!(message.contains(part), "{text}: {message}");
        }
        let message = message::<ExecRequest>(r#"{"cmd":"ls"}"#);
        assert!(message.contains("cmd: invalid type: string"), "{message}");
    }
}
