//! Server-sent events (HTML standard, section 9.2.6, "Interpreting an event stream").

use bytes::Bytes;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Block {
    /// The last id that was sent.
    pub id: Option<String>,
    /// The event's type.
    pub event: Option<String>,
    /// The data; empty for a block that only sets the id.
    pub data: String,
}

/// Puts events together out of lines.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    block: Block,
    has_data: bool,
}

impl Blocks {
    /// Takes a line, without its end, and gives the block that an empty line ends.
    pub(crate) fn push(&mut self, line: &Bytes) -> Option<Block> {
        let line = String::from_utf8_lossy(line);
        if line.is_empty() {
            self.has_data = false;
            let block = std::mem::take(&mut self.block);
            return (block != Block::default()).then_some(block);
        }
        let (field, value) = match line.split_once(':') {
            Some((field, value)) => (field, value.strip_prefix(' ').unwrap_or(value)),
            None => (line.as_ref(), ""),
        };
        match field {
            "id" => self.block.id = Some(value.to_owned()),
            "event" => self.block.event = Some(value.to_owned()),
            "data" => {
                if self.has_data {
                    self.block.data.push('\n');
                }
                self.has_data = true;
                self.block.data.push_str(value);
            }
            // A comment, which keeps the connection open, or a field of a later version.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_with_an_empty_line() {
        let mut blocks = Blocks::default();
        let mut seen = Vec::new();
        for line in [
            ": hello",
            "",
            "id: 7",
            "event: message",
            "data: {\"a\":",
            "data:1}",
            "",
            "id: 8",
            "",
            "data: x",
        ] {
            seen.extend(blocks.push(&Bytes::from(line)));
        }
        assert_eq!(
            seen,
            [
                Block {
                    id: Some("7".to_owned()),
                    event: Some("message".to_owned()),
                    data: "{\"a\":\n1}".to_owned(),
                },
                Block {
                    id: Some("8".to_owned()),
                    ..Block::default()
                },
            ]
        );
    }
}
