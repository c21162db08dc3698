//! A table of a document, and the values in it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Document;
use crate::Invalid;
use crate::container::words::any_of;

/// A table that is being read: keys are taken out of it, and what is left at its end is unknown.
pub(super) struct Table<'a, 'i> {
    /// Its path with a dot behind it; empty for the root.
    prefix: String,
    start: usize,
    table: &'a DeTable<'i>,
    known: Vec<&'static str>,
}

/// A value with its field's path.
pub(super) struct Value<'a, 'i> {
    pub(super) field: String,
    value: &'a DeValue<'i>,
}

impl<'a, 'i> Table<'a, 'i> {
    pub(super) fn root(table: &'a DeTable<'i>) -> Self {
        Self {
            prefix: String::new(),
            start: 0,
            table,
            known: Vec::new(),
        }
    }

    /// The value of a key, if it is there.
    pub(super) fn take(
        &mut self,
        document: &mut Document<'_>,
        key: &'static str,
    ) -> Option<Value<'a, 'i>> {
        self.known.push(key);
        let (_, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        let field = format!("{}{key}", self.prefix);
        Some(Value::new(document, field, value))
    }

    /// The value of a key that has to be there.
    pub(super) fn require(
        &mut self,
        document: &mut Document<'_>,
        key: &'static str,
    ) -> Option<Value<'a, 'i>> {
        let value = self.take(document, key);
        if value.is_none() {
            document.problem_at(
                &format!("{}{key}", self.prefix),
                self.start,
                "it is missing".to_owned(),
            );
        }
        value
    }

    /// All keys with their spans and values, for a table whose keys are the author's own.
    pub(super) fn all(
        &self,
    ) -> impl Iterator<Item = (&'a str, Range<usize>, &'a Spanned<DeValue<'i>>)> {
        self.table
            .iter()
            .map(|(name, value)| (name.get_ref().as_ref(), name.span(), value))
    }

    /// The path of a key.
    pub(super) fn field(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Tells of the keys that nobody took.
    pub(super) fn finish(self, document: &mut Document<'_>) {
        for (name, _) in self.table {
            if !self.known.contains(&name.get_ref().as_ref()) {
                let message = format!("unknown key; expected {}", any_of(&self.known));
                let field = format!("{}{}", self.prefix, name.get_ref());
                document.problem_at(&field, name.span().start, message);
            }
        }
    }
}

impl<'a, 'i> Value<'a, 'i> {
    pub(super) fn new(
        document: &mut Document<'_>,
        field: String,
        value: &'a Spanned<DeValue<'i>>,
    ) -> Self {
        document.place(&field, value.span().start);
        Self {
            field,
            value: value.get_ref(),
        }
    }

    fn wrong(&self, document: &mut Document<'_>, expected: &str) {
        let found = self.value.type_str();
        document.problem(&self.field, format!("expected {expected}, found {found}"));
    }

    /// A text that is read by `parse`.
    pub(super) fn text<T>(
        self,
        document: &mut Document<'_>,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let Some(text) = self.value.as_str() else {
            self.wrong(document, "a string");
            return None;
        };
        self.checked(document, parse(text))
    }

    /// A whole number.
    pub(super) fn whole(self, document: &mut Document<'_>) -> Option<u32> {
        let number = self.value.as_integer();
        let number =
            number.and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        if number.is_none() {
            self.wrong(document, "a whole number from 0 to 4294967295");
        }
        number
    }

    /// A number, or a text, whose text is read by `parse`.
    pub(super) fn number_or_text<T>(
        self,
        document: &mut Document<'_>,
        expected: &str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let text = match self.value {
            DeValue::String(text) => text.as_ref(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => {
                self.wrong(document, expected);
                return None;
            }
        };
        self.checked(document, parse(text))
    }

    pub(super) fn truth(self, document: &mut Document<'_>) -> Option<bool> {
        let truth = self.value.as_bool();
        if truth.is_none() {
            self.wrong(document, "true or false");
        }
        truth
    }

    pub(super) fn table(self, document: &mut Document<'_>) -> Option<Table<'a, 'i>> {
        let Some(table) = self.value.as_table() else {
            self.wrong(document, "a table");
            return None;
        };
        let start = document.places.get(&self.field).copied().unwrap_or(0);
        Some(Table {
            prefix: format!("{}.", self.field),
            start,
            table,
            known: Vec::new(),
        })
    }

    /// The values of an array with at most `most` of them, each read by `read`. Where one can't
    /// be read it has been told of.
    pub(super) fn list<T>(
        self,
        document: &mut Document<'_>,
        most: usize,
        mut read: impl FnMut(&mut Document<'_>, Value<'a, 'i>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(array) = self.value.as_array() else {
            self.wrong(document, "an array");
            return None;
        };
        if array.len() > most {
            let message = format!("it has {} values; expected at most {most}", array.len());
            document.problem(&self.field, message);
            return None;
        }
        let mut values = Vec::new();
        for (index, value) in array.iter().enumerate() {
            let value = Value::new(document, format!("{}[{index}]", self.field), value);
            values.extend(read(document, value));
        }
        Some(values)
    }

    fn checked<T>(&self, document: &mut Document<'_>, result: Result<T, Invalid>) -> Option<T> {
        result
            .map_err(|invalid| document.problem(&self.field, invalid.to_string()))
            .ok()
    }
}
