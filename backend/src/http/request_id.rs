//! The id by which a request is found in the log.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header that carries it, both ways.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The caller's own id where it is fit for a log, else a fresh one.
pub(super) fn of(headers: &HeaderMap) -> HeaderValue {
    match headers.get(HEADER) {
        Some(id) if is_fit(id.as_bytes()) => id.clone(),
        _ => fresh(),
    }
}

fn is_fit(id: &[u8]) -> bool {
    (1..=128).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}

fn fresh() -> HeaderValue {
    let id = format!("{:016x}", rand::random::<u64>());
    HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_ids_are_replaced() {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_static("run-7.b"));
        assert_eq!(of(&headers), "run-7.b");
        for odd in ["", "a b", "\"x\"", &"a".repeat(129)] {
            headers.insert(HEADER, HeaderValue::from_str(odd).unwrap());
            let id = of(&headers);
            assert_ne!(id, odd);
            assert_eq!(id.len(), 16);
        }
    }
}
