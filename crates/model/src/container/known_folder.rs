//! Folders that every Windows has, by names that do not depend on the user or the machine
//! (Win32 API: `KNOWNFOLDERID`).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::manifest::Bitness;
use super::win32_path::Win32Path;
use crate::Invalid;
use crate::invalid::string_conversions;

macro_rules! known_folders {
    ($($(#[$doc:meta])* $variant:ident => $place:literal,)*) => {
        /// A folder that every Windows has. It is written as a token, `%Documents%`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum KnownFolder {
            $($(#[$doc])* $variant,)*
        }

        impl KnownFolder {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name between the percent signs.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }

            /// Where it is in a container, with `{user}` for the user's folder.
            fn place(self) -> &'static str {
                match self {
                    $(Self::$variant => $place,)*
                }
            }
        }
    };
}

known_folders! {
    /// The drive that Windows is on.
    SystemDrive => r"C:\",
    /// Windows itself.
    Windows => r"C:\windows",
    /// System libraries of the container's bitness.
    System => r"C:\windows\system32",
    /// Fonts.
    Fonts => r"C:\windows\Fonts",
    /// Programs, as a process of the container's bitness sees them.
    ProgramFiles => r"C:\Program Files",
    /// Programs of 64 bits.
    ProgramFilesX64 => r"C:\Program Files",
    /// Programs of 32 bits.
    ProgramFilesX86 => r"C:\Program Files (x86)",
    /// What programs share, as a process of the container's bitness sees it.
    CommonProgramFiles => r"C:\Program Files\Common Files",
    /// Data of programs for all users.
    ProgramData => r"C:\ProgramData",
    /// Files for all users.
    Public => r"C:\users\Public",
    /// The user's folder.
    UserProfile => r"{user}",
    /// The user's data that moves with the user.
    AppData => r"{user}\AppData\Roaming",
    /// The user's data on this machine.
    LocalAppData => r"{user}\AppData\Local",
    /// The user's data of programs with few rights.
    LocalAppDataLow => r"{user}\AppData\LocalLow",
    /// The user's temporary files.
    Temp => r"{user}\AppData\Local\Temp",
    /// The user's start menu.
    StartMenu => r"{user}\AppData\Roaming\Microsoft\Windows\Start Menu",
    /// The user's desktop.
    Desktop => r"{user}\Desktop",
    /// The user's documents.
    Documents => r"{user}\Documents",
    /// The user's downloads.
    Downloads => r"{user}\Downloads",
    /// The user's music.
    Music => r"{user}\Music",
    /// The user's pictures.
    Pictures => r"{user}\Pictures",
    /// The user's videos.
    Videos => r"{user}\Videos",
    /// The user's saved games.
    SavedGames => r"{user}\Saved Games",
}

impl KnownFolder {
    /// Reads a token with its percent signs, in any case.
    ///
    /// # Errors
    /// [`Invalid`] with the names there are.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        text.strip_prefix('%')
            .and_then(|rest| rest.strip_suffix('%'))
            .and_then(Self::from_name)
            .ok_or_else(|| {
                let names: Vec<String> = Self::ALL.iter().map(Self::to_string).collect();
                Invalid::new(
                    "known folder",
                    text,
                    format!("expected one of {}", names.join(", ")),
                )
            })
    }

    /// The folder of a name without percent signs, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|folder| folder.name().eq_ignore_ascii_case(name))
    }

    /// Where the folder is in a container of this bitness whose user has this name, spelled as
    /// Windows and Wine spell it.
    ///
    /// # Errors
    /// [`Invalid`] for a name that can't be a folder's.
    pub fn in_container(self, bitness: Bitness, user: &str) -> Result<Win32Path, Invalid> {
        let place = match (self, bitness) {
            (Self::ProgramFiles, Bitness::X86) => Self::ProgramFilesX86.place().to_owned(),
            (Self::CommonProgramFiles, Bitness::X86) => {
                format!(r"{}\Common Files", Self::ProgramFilesX86.place())
            }
            _ => self.place().replace("{user}", &format!(r"C:\users\{user}")),
        };
        Win32Path::parse(&place)
    }
}

impl fmt::Display for KnownFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}%", self.name())
    }
}

string_conversions!(KnownFolder);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_in_any_case() {
        for folder in KnownFolder::ALL {
            let token = folder.to_string();
            assert_eq!(KnownFolder::parse(&token).unwrap(), *folder);
            assert_eq!(KnownFolder::parse(&token.to_lowercase()).unwrap(), *folder);
        }
        for text in ["", "%", "%%", "Documents", "%Documents", "%Docs%"] {
            let error = KnownFolder::parse(text).unwrap_err().to_string();
            assert!(error.contains("%Documents%"), "{error}");
        }
    }

    #[test]
    fn places_depend_on_bitness_and_user() {
        let place = |folder: KnownFolder, bitness| {
            folder
                .in_container(bitness, "ctnr")
                .unwrap()
                .as_str()
                .to_owned()
        };
        use Bitness::{X64, X86};
        assert_eq!(place(KnownFolder::ProgramFiles, X64), r"C:\Program Files");
        assert_eq!(
            place(KnownFolder::ProgramFiles, X86),
            r"C:\Program Files (x86)"
        );
        assert_eq!(
            place(KnownFolder::ProgramFilesX64, X86),
            r"C:\Program Files"
        );
        assert_eq!(
            place(KnownFolder::AppData, X64),
            r"C:\users\ctnr\AppData\Roaming"
        );
        assert!(KnownFolder::AppData.in_container(X64, r"..\x:").is_err());
        for folder in KnownFolder::ALL {
            folder.in_container(X64, "ctnr").unwrap();
        }
    }
}
