//! What stands on the list: pure, so that every case is a line of a table.

use ctnr_api::CreateContainer;
use ctnr_model::JobId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::jobs::Job;

/// The longest request that is taken, in bytes.
pub(super) const MAX_LEN: usize = 1024 * 1024;

/// The longest id that one outside may give a request.
const MAX_ID_LEN: usize = 200;

/// A request for a container that was taken from outside. The owner of a host does what
/// `POST /api/containers` does with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestContainer {
    /// What is wanted.
    pub container: CreateContainer,
}

impl Job for RequestContainer {
    const KIND: &'static str = "request_container";
}

/// An item of the list.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Message {
    /// A job of the platform waits.
    Waits,
    /// A request from outside, and the key that makes it the same one when it comes again.
    Request {
        container: Box<CreateContainer>,
        key: String,
    },
}

/// What the platform itself writes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Notice {
    job: JobId,
}

/// The item that says that a job waits.
pub(super) fn notice(job: &JobId) -> String {
    serde_json::json!({ "job": job }).to_string()
}

/// Reads an item.
///
/// # Errors
/// The reason why it is none, for people.
pub(super) fn read(item: &[u8]) -> Result<Message, String> {
    if item.len() > MAX_LEN {
        return Err(format!(
            "it has {} bytes; at most {MAX_LEN} are taken",
            item.len()
        ));
    }
    let value: serde_json::Value =
        serde_json::from_slice(item).map_err(|error| format!("it is not JSON: {error}"))?;
    let serde_json::Value::Object(mut fields) = value else {
        return Err("it is not a JSON object".to_owned());
    };
    if fields.contains_key("job") {
        return serde_json::from_value::<Notice>(fields.into())
            .map(|_| Message::Waits)
            .map_err(|error| error.to_string());
    }
    let key = match fields.remove("id") {
        Some(serde_json::Value::String(id)) if (1..=MAX_ID_LEN).contains(&id.len()) => {
            format!("redis id {id}")
        }
        Some(_) => return Err(format!("id: expected a text of 1 to {MAX_ID_LEN} bytes")),
        None => format!("redis sha256 {}", hex(&Sha256::digest(item))),
    };
    serde_path_to_error::deserialize(serde_json::Value::from(fields))
        .map(|container| Message::Request {
            container: Box::new(container),
            key,
        })
        .map_err(|error| error.to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(item: &str) -> (String, Option<String>) {
        match read(item.as_bytes()) {
            Ok(Message::Request { container, key }) => {
                (key, container.name.map(|name| name.to_string()))
            }
            other => panic!("{item}: {other:?}"),
        }
    }

    #[test]
    fn a_request_is_the_body_of_the_api_and_may_have_an_id() {
        let (key, name) = request(r#"{"id": "order-7", "name": "seven-zip"}"#);
        assert_eq!(key, "redis id order-7");
        assert_eq!(name.as_deref(), Some("seven-zip"));
        let (hash, _) = request(r#"{"name": "seven-zip"}"#);
        assert_eq!(request(r#"{"name": "seven-zip"}"#).0, hash);
        assert_ne!(request(r#"{"name": "seven-zap"}"#).0, hash);
    }

    #[test]
    fn what_the_platform_writes_it_reads() {
        let job = JobId::from_random([1; 32]);
        assert_eq!(read(notice(&job).as_bytes()), Ok(Message::Waits));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (item, part) in [
            (&b"\xff"[..], "not JSON"),
            (b"", "not JSON"),
            (b"[]", "not a JSON object"),
            (br#"{"folow": "x"}"#, "unknown field `folow`"),
            (br#"{"name": 1}"#, "name"),
            (br#"{"name": "../x"}"#, "name"),
            (br#"{"id": 1, "name": "xy"}"#, "id: "),
            (br#"{"id": "", "name": "xy"}"#, "id: "),
            (br#"{"job": "1"}"#, "job"),
            (&vec![b' '; MAX_LEN + 1], "at most"),
        ] {
            let error = read(item).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
