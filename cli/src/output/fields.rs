//! One thing with its attributes, for people.

use super::clean::clean;
use super::{Output, Tone};
use crate::error::Result;

/// Names and values below each other.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(&'static str, String)>);

impl Fields {
    /// Adds a value; an empty one is left out.
    pub(crate) fn add(&mut self, name: &'static str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.0.push((name, value));
        }
    }

    /// Adds several values of one name, each on a line.
    pub(crate) fn add_all(&mut self, name: &'static str, values: impl IntoIterator<Item = String>) {
        self.add(name, values.into_iter().collect::<Vec<_>>().join("\n"));
    }

    /// Prints them.
    pub(crate) fn print(&self, output: Output) -> Result<()> {
        let width = self.0.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for (name, value) in &self.0 {
            let mut name = *name;
            for line in clean(value).lines() {
                let padded = format!("{name:<width$}");
                text.push_str(&format!("{}  {line}\n", Tone::Heading.paint(&padded)));
                name = "";
            }
        }
        output.text(&text)
    }
}
