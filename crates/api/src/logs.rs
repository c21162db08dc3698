//! What a sandbox's program has put out.

use jiff::Timestamp;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

use crate::flag::{flag, is_no, yes};
use crate::{OutputStream, TextEncoding};

/// The query of `GET /v1/sandboxes/{id}/logs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct LogsQuery {
    /// Go on with what comes, until the program ends.
    #[serde(deserialize_with = "flag", skip_serializing_if = "is_no")]
    pub follow: bool,
    /// Only the last so many lines of what is there: a number, or `all`.
    #[serde(skip_serializing_if = "Tail::is_all")]
    #[cfg_attr(feature = "openapi", param(value_type = String, pattern = "^(all|[0-9]{1,9})$"))]
    pub tail: Tail,
    /// Only what was put out at or after this moment: RFC 3339, seconds since 1970, or how long
    /// ago (`10m`, `1h30m`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Only what was put out before this moment, written as `since`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Begin each line of text with its time.
    #[serde(deserialize_with = "flag", skip_serializing_if = "is_no")]
    pub timestamps: bool,
    /// How `data` is written in JSON.
    #[serde(skip_serializing_if = "TextEncoding::is_default")]
    pub encoding: TextEncoding,
    /// Standard output; on where nothing is said.
    #[serde(deserialize_with = "flag", default = "yes")]
    pub stdout: bool,
    /// Standard error; on where nothing is said.
    #[serde(deserialize_with = "flag", default = "yes")]
    pub stderr: bool,
}

impl Default for LogsQuery {
    fn default() -> Self {
        Self {
            follow: false,
            tail: Tail::All,
            since: None,
            until: None,
            timestamps: false,
            encoding: TextEncoding::Utf8,
            stdout: true,
            stderr: true,
        }
    }
}

/// How much of what is there is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tail {
    /// All of it.
    #[default]
    All,
    /// The last so many lines.
    Lines(usize),
}

impl Tail {
    fn is_all(&self) -> bool {
        *self == Self::All
    }

    /// The number of lines, where there is one.
    pub fn lines(self) -> Option<usize> {
        match self {
            Self::All => None,
            Self::Lines(lines) => Some(lines),
        }
    }
}

impl Serialize for Tail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::Lines(lines) => serializer.collect_str(lines),
        }
    }
}

impl<'de> Deserialize<'de> for Tail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "all" => Ok(Self::All),
            text => text
                .parse()
                .map(Self::Lines)
                .map_err(|_| D::Error::custom("expected a number of lines or all")),
        }
    }
}

/// A line of `application/x-ndjson` logs, and the data of a server-sent event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogFrame {
    /// When it was put out.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub time: Timestamp,
    /// The stream.
    pub stream: OutputStream,
    /// At most a line, with its end of line where it has one, in the query's encoding.
    pub data: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_round_trip() {
        let query = LogsQuery {
            follow: true,
            tail: Tail::Lines(10),
            stderr: false,
            ..LogsQuery::default()
        };
        let text = serde_html_form::to_string(&query).unwrap();
        assert_eq!(text, "follow=true&tail=10&stdout=true&stderr=false");
        assert_eq!(
            serde_html_form::from_str::<LogsQuery>(&text).unwrap(),
            query
        );
        assert!(serde_html_form::from_str::<LogsQuery>("").unwrap().stdout);
        for bad in ["tail=x", "tail=-1", "follow=maybe", "folow=1"] {
            assert!(
                serde_html_form::from_str::<LogsQuery>(bad).is_err(),
                "{bad}"
            );
        }
    }
}
