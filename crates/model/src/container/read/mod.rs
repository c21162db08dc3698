//! From text to a manifest or an override.
//!
//! The text is read by hand over the spans of the parser, and not through serde, so that all
//! problems are told of at once, each with its line, its column and the path of its field.

mod manifest;
mod overrides;
mod sections;
mod table;

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::manifest::Manifest;
use super::problem::{ManifestError, Position, Problem};
use table::Table;

/// A document that is being read: what is wrong so far, and where its fields stand.
struct Document<'t> {
    text: &'t str,
    problems: Vec<Problem>,
    places: BTreeMap<String, usize>,
}

impl<'t> Document<'t> {
    /// Parses a text and gives its root table to `read`, whose value is the document's where
    /// nothing is wrong.
    fn read<T>(
        text: &'t str,
        read: impl FnOnce(&mut Self, Table<'_, '_>) -> Option<T>,
    ) -> Result<T, ManifestError> {
        let mut document = Self {
            text,
            problems: Vec::new(),
            places: BTreeMap::new(),
        };
        if text.len() > Manifest::MAX_BYTES {
            let (long, most) = (text.len(), Manifest::MAX_BYTES);
            document.problems.push(Problem {
                field: String::new(),
                position: None,
                message: format!("the document has {long} bytes; expected at most {most}"),
            });
            return Err(ManifestError::new(document.problems));
        }
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let offset = error.span().map_or(0, |span| span.start);
            document.problem_at("", offset, error.message().to_owned());
        }
        if !errors.is_empty() {
            return Err(ManifestError::new(document.problems));
        }
        let value = read(&mut document, Table::root(root.get_ref()));
        match value {
            Some(value) if document.problems.is_empty() => Ok(value),
            _ => Err(ManifestError::new(document.problems)),
        }
    }

    /// Remembers where a field stands.
    fn place(&mut self, field: &str, offset: usize) {
        self.places.insert(field.to_owned(), offset);
    }

    /// Tells of a problem with a field that stands somewhere.
    fn problem(&mut self, field: &str, message: String) {
        let offset = self.places.get(field).copied().unwrap_or(0);
        self.problem_at(field, offset, message);
    }

    fn problem_at(&mut self, field: &str, offset: usize, message: String) {
        if self.problems.len() < ManifestError::MAX_PROBLEMS {
            self.problems.push(Problem {
                field: field.to_owned(),
                position: Some(Position::of(self.text, offset)),
                message,
            });
        }
    }
}
