//! Tables for people.

use comfy_table::{ContentArrangement, presets};

use super::Output;
use super::Tone;
use super::clean::clean;
use crate::error::Result;

/// A table without lines, a row a line, so that grep and awk can read it too.
#[derive(Debug)]
pub(crate) struct Table {
    table: comfy_table::Table,
    tones: Vec<Tone>,
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new<const N: usize>(columns: [&str; N]) -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(columns);
        Self {
            table,
            tones: vec![Tone::Heading],
        }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, tone: Tone, cells: [String; N]) {
        let cells = cells.map(|cell| match cell.as_str() {
            "" => "-".to_owned(),
            cell => clean(cell).replace('\n', " "),
        });
        self.table.add_row(cells);
        self.tones.push(tone);
    }

    /// Prints it.
    pub(crate) fn print(mut self, output: Output) -> Result<()> {
        for column in self.table.column_iter_mut() {
            column.set_padding((0, 3));
        }
        let rendered = self.table.to_string();
        let mut text = String::new();
        for (line, tone) in rendered.lines().zip(self.tones) {
            text.push_str(&tone.paint(line.trim_end()));
            text.push('\n');
        }
        output.text(&text)
    }
}
