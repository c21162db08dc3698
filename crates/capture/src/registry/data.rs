//! The data of a value.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text;

/// The data of a value, as registry files write it: `"text"`, `dword:0000002a`, `hex(7):61,00`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Data(String);

impl Data {
    /// A text.
    pub fn of_text(value: &str) -> Self {
        Self(format!("\"{}\"", text::write(value, &['"'])))
    }

    /// Data as a registry file writes it, without breaks of its lines.
    pub(super) fn written(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, where it is one: `REG_SZ` or `REG_EXPAND_SZ`.
    pub fn as_text(&self) -> Option<String> {
        let quoted = self
            .0
            .strip_prefix('"')
            .or_else(|| self.0.strip_prefix("str(2):\""))?;
        let (mut text, _) = text::read(quoted, '"')?;
        // Windows does not count on it, and some programs write it.
        while text.ends_with('\0') {
            text.pop();
        }
        Some(text)
    }

    /// As files of `regedit` write it, which have no `str`.
    pub(super) fn for_regedit(&self) -> String {
        let wide = |kind: &str, quoted: &str| {
            let text = text::read(quoted, '"')
                .map(|(text, _)| text)
                .unwrap_or_default();
            let bytes: Vec<String> = text
                .encode_utf16()
                .chain([0])
                .flat_map(u16::to_le_bytes)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            format!("hex({kind}):{}", bytes.join(","))
        };
        if let Some(quoted) = self.0.strip_prefix('"') {
            let text = self.as_text().unwrap_or_default();
            let is_plain = !text.contains(|letter: char| letter.is_control());
            return if is_plain {
                format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
            } else {
                wide("1", quoted)
            };
        }
        match self
            .0
            .strip_prefix("str(")
            .and_then(|rest| rest.split_once("):\""))
        {
            Some((kind, quoted)) => wide(kind, quoted),
            None => self.0.clone(),
        }
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
