//! PAX extended header records (POSIX.1-2017, pax, "pax Extended Header").

use std::io;

use super::malformed;

/// The prefix of a record that holds an extended attribute.
const XATTR: &[u8] = b"SCHILY.xattr.";

/// Records in the order in which they were written; a later one of the same key replaces.
#[derive(Debug, Clone, Default)]
pub(super) struct Records(Vec<(Vec<u8>, Vec<u8>)>);

impl Records {
    /// Adds the records of a header: `LENGTH KEY=VALUE\n`, one behind the other. The length rules,
    /// since values may hold line feeds.
    pub(super) fn add(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let bad = || malformed("a PAX header is not well-formed");
        // Some writers pad with NULs.
        while bytes.first().is_some_and(|byte| *byte != 0) {
            let space = bytes
                .iter()
                .position(|byte| *byte == b' ')
                .ok_or_else(bad)?;
            let length: usize = std::str::from_utf8(&bytes[..space])
                .ok()
                .and_then(|digits| digits.parse().ok())
                .ok_or_else(bad)?;
            let record = bytes.get(space + 1..length).ok_or_else(bad)?;
            let record = record.strip_suffix(b"\n").ok_or_else(bad)?;
            let equals = record
                .iter()
                .position(|byte| *byte == b'=')
                .ok_or_else(bad)?;
            self.0
                .push((record[..equals].to_vec(), record[equals + 1..].to_vec()));
            bytes = &bytes[length..];
        }
        Ok(())
    }

    /// Puts the records of another header behind these.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The last value of a key; none where it is empty, which takes an earlier record back.
    pub(super) fn get(&self, key: &str) -> Option<&[u8]> {
        let record = self
            .0
            .iter()
            .rev()
            .find(|(known, _)| known == key.as_bytes());
        record
            .map(|(_, value)| value.as_slice())
            .filter(|value| !value.is_empty())
    }

    /// The last value of a key that holds a whole number.
    pub(super) fn number(&self, key: &str) -> io::Result<Option<u64>> {
        self.get(key)
            .map(|value| {
                decimal(value).ok_or_else(|| malformed(format!("PAX {key} is not a number")))
            })
            .transpose()
    }

    /// All records in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_slice(), value.as_slice()))
    }

    /// The extended attributes.
    pub(super) fn xattrs(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut xattrs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for (key, value) in &self.0 {
            let Some(name) = key.strip_prefix(XATTR) else {
                continue;
            };
            xattrs.retain(|(known, _)| known != name);
            xattrs.push((name.to_vec(), value.clone()));
        }
        xattrs
    }
}

/// Reads decimal digits alone: no sign, no space.
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(text).ok()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_rule_over_line_feeds() {
        let mut records = Records::default();
        records
            .add(b"26 SCHILY.xattr.user.a=\n\0\n9 path=x\n11 path=ab\n")
            .unwrap();
        assert_eq!(records.get("path"), Some(&b"ab"[..]));
        assert_eq!(records.xattrs(), [(b"user.a".to_vec(), b"\n\0".to_vec())]);
    }

    #[test]
    fn bad_records_are_refused() {
        for bytes in [
            &b"x"[..],
            b"5 a=b",
            b"99 a=b\n",
            b"0 a=b\n",
            b"2 \n",
            b"-5 a=b\n",
            b"5 ab\n",
            b"18446744073709551615 a=b\n",
        ] {
            assert!(Records::default().add(bytes).is_err(), "{bytes:?}");
        }
    }
}
