//! What the server answers.

use serde_json::Value;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The request, for messages.
    pub request: String,
    /// The status.
    pub status: u16,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.request, self.text()))
    }

    /// The lines of a body of JSON lines.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        serde_json::Deserializer::from_slice(&self.body)
            .into_iter()
            .map(|line| line.unwrap_or_else(|error| panic!("{}: {error}", self.request)))
            .collect()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Asserts the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status,
            status,
            "{} answered: {}",
            self.request,
            self.text()
        );
        self
    }

    /// Asserts that it is an error of the one shape, and gives its message.
    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str) -> String {
        let answer = self.expect(status);
        let body = answer.json();
        let fields: Vec<&String> = body
            .as_object()
            .unwrap_or_else(|| panic!("{}: no object: {body}", answer.request))
            .keys()
            .collect();
        assert_eq!(fields, ["code", "message"], "{}: {body}", answer.request);
        assert_eq!(body["code"], code, "{}: {body}", answer.request);
        let message = body["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "{}: no message", answer.request);
        message.to_owned()
    }
}
