//! What kind of installer a file is, and how it is told to ask nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much of the beginning of a file is looked at. Inno's and NSIS' stubs, whose marks are
/// looked for, are shorter by far.
const HEAD: usize = 4 << 20;

/// How much of the end of a piece is looked at again with the next one: as long as a mark.
const OVERLAP: usize = 64;

/// The kind of an installer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstallerKind {
    /// Nullsoft's scriptable install system.
    Nsis,
    /// Inno Setup.
    Inno,
    /// A package of Windows Installer.
    Msi,
    /// A bundle of WiX, which installs several packages.
    Burn,
    /// Squirrel's setup program.
    Squirrel,
    /// A self-extracting archive of 7-Zip.
    SevenZip,
    /// A program of no kind that is known.
    Program,
}

/// The marks of kinds in programs, the most telling first.
const MARKS: [(&[u8], InstallerKind); 8] = [
    (b"NullsoftInst", InstallerKind::Nsis),
    (b"Nullsoft.NSIS", InstallerKind::Nsis),
    (b"rDlPtS", InstallerKind::Inno),
    (b"Inno Setup", InstallerKind::Inno),
    (b"I\0n\0n\0o\0 \0S\0e\0t\0u\0p\0", InstallerKind::Inno),
    (b".wixburn", InstallerKind::Burn),
    (b"S\0q\0u\0i\0r\0r\0e\0l\0", InstallerKind::Squirrel),
    (b"7z\xbc\xaf\x27\x1c", InstallerKind::SevenZip),
];

impl InstallerKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Nsis,
        Self::Inno,
        Self::Msi,
        Self::Burn,
        Self::Squirrel,
        Self::SevenZip,
        Self::Program,
    ];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nsis => "nsis",
            Self::Inno => "inno",
            Self::Msi => "msi",
            Self::Burn => "burn",
            Self::Squirrel => "squirrel",
            Self::SevenZip => "seven_zip",
            Self::Program => "program",
        }
    }

    /// The arguments that make it install without asking; `None` where nobody knows them. `folder`
    /// is where a self-extracting archive unpacks to, as Windows writes it.
    pub fn silent_arguments(self, folder: &str) -> Option<Vec<String>> {
        let words: &[&str] = match self {
            Self::Nsis => &["/S"],
            Self::Inno => &["/VERYSILENT", "/SUPPRESSMSGBOXES", "/NORESTART", "/SP-"],
            Self::Msi => &["/qn", "/norestart"],
            Self::Burn => &["/quiet", "/norestart"],
            Self::Squirrel => &["--silent"],
            Self::SevenZip => return Some(vec!["-y".to_owned(), format!("-o{folder}")]),
            Self::Program => return None,
        };
        Some(words.iter().map(|word| (*word).to_owned()).collect())
    }
}

impl fmt::Display for InstallerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for InstallerKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| {
                let words = Self::ALL.map(Self::as_str).join(", ");
                format!("{text:?} is no kind of installer; expected one of {words}")
            })
    }
}

/// Tells the kind of a file whose bytes come in pieces.
#[derive(Debug, Default)]
pub struct Sniffer {
    seen: usize,
    tail: Vec<u8>,
    magic: Vec<u8>,
    /// The place of the mark that was found, in the table.
    found: Option<usize>,
}

impl Sniffer {
    /// Takes the next bytes, and says whether more of them would change anything.
    pub fn feed(&mut self, piece: &[u8]) -> bool {
        let missing = 8_usize.saturating_sub(self.magic.len()).min(piece.len());
        self.magic.extend_from_slice(&piece[..missing]);
        self.seen += piece.len();
        self.tail.extend_from_slice(piece);
        for (place, (mark, _)) in MARKS.iter().enumerate() {
            let is_better = self.found.is_none_or(|found| place < found);
            if is_better && self.tail.windows(mark.len()).any(|window| window == *mark) {
                self.found = Some(place);
            }
        }
        let keep = self.tail.len().saturating_sub(OVERLAP);
        self.tail.drain(..keep);
        self.seen < HEAD && self.found != Some(0)
    }

    /// The kind; `None` for what is neither a program nor a package.
    pub fn kind(&self) -> Option<InstallerKind> {
        match self.magic.as_slice() {
            [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] => Some(InstallerKind::Msi),
            [b'M', b'Z', ..] => Some(
                self.found
                    .map_or(InstallerKind::Program, |place| MARKS[place].1),
            ),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(pieces: &[&[u8]]) -> Option<InstallerKind> {
        let mut sniffer = Sniffer::default();
        for piece in pieces {
            sniffer.feed(piece);
        }
        sniffer.kind()
    }

    #[test]
    fn kinds_are_told_by_their_marks() {
        for (bytes, wanted) in [
            (
                &b"MZ....\xef\xbe\xad\xdeNullsoftInst"[..],
                Some(InstallerKind::Nsis),
            ),
            (
                b"MZ..I\0n\0n\0o\0 \0S\0e\0t\0u\0p\0",
                Some(InstallerKind::Inno),
            ),
            (
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1..",
                Some(InstallerKind::Msi),
            ),
            (b"MZ...7z\xbc\xaf\x27\x1c", Some(InstallerKind::SevenZip)),
            (b"MZ and nothing else", Some(InstallerKind::Program)),
            (b"#!/bin/sh\n", None),
            (b"", None),
        ] {
            assert_eq!(kind(&[bytes]), wanted);
        }
    }

    #[test]
    fn a_mark_may_be_cut_and_the_more_telling_one_counts() {
        let pieces = [&b"M"[..], b"Z7z\xbc\xaf\x27\x1c....Nulls", b"oftInst"];
        assert_eq!(kind(&pieces), Some(InstallerKind::Nsis));
    }

    #[test]
    fn words_lead_back_to_kinds() {
        for kind in InstallerKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert!("deb".parse::<InstallerKind>().is_err());
    }
}
