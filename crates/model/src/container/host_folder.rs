//! Folders of the host that a container is let into.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::path_template::PathTemplate;
use super::win32_path::Win32Path;
use super::words::words;
use crate::invalid::string_conversions;
use crate::{HostPath, Invalid, MountAccess};

words! {
    /// What a container may do in a folder of the host.
    pub enum HostAccess: "access" {
        /// Read it.
        ReadOnly => "read-only",
        /// Read it; what it writes stays in the container.
        WriteCopy => "write-copy",
        /// Read and write it.
        Merged => "merged",
    }
}

impl HostAccess {
    /// The same for a mount in the container's sandbox.
    pub fn mount(self) -> MountAccess {
        match self {
            Self::ReadOnly => MountAccess::ReadOnly,
            Self::WriteCopy => MountAccess::CopyOnWrite,
            Self::Merged => MountAccess::ReadWrite,
        }
    }
}

/// A folder of the host.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum HostSource {
    /// A known folder of the host's user, or a folder below one.
    Known(PathTemplate),
    /// A folder of a Linux host.
    Linux(HostPath),
    /// A folder of a Windows host.
    Windows(Win32Path),
}

impl HostSource {
    /// Reads a folder: `%Documents%\Work`, `/srv/data` or `D:\data`.
    ///
    /// # Errors
    /// [`Invalid`] for what is none of them.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.starts_with('%') {
            return PathTemplate::parse(text).map(Self::Known);
        }
        if text.starts_with('/') {
            return HostPath::parse(text).map(Self::Linux);
        }
        Win32Path::parse(text).map(Self::Windows).map_err(|_| {
            Invalid::new(
                "folder of the host",
                text,
                r"expected a known folder (%Documents%\Work), or an absolute path on Linux (/srv/data) or Windows (D:\data)",
            )
        })
    }
}

impl fmt::Display for HostSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(path) => fmt::Display::fmt(path, f),
            Self::Linux(path) => fmt::Display::fmt(path, f),
            Self::Windows(path) => fmt::Display::fmt(path, f),
        }
    }
}

impl fmt::Debug for HostSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

string_conversions!(HostSource);

/// A folder of the host at a path in the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HostFolder {
    /// The folder of the host.
    pub source: HostSource,
    /// Where a program in the container sees it.
    pub path: PathTemplate,
    /// What the container may do in it.
    pub access: HostAccess,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_apart() {
        use HostSource::{Known, Linux, Windows};
        assert!(matches!(
            HostSource::parse(r"%documents%\Work"),
            Ok(Known(_))
        ));
        assert!(matches!(HostSource::parse("/srv/data"), Ok(Linux(_))));
        assert!(matches!(HostSource::parse(r"D:\data"), Ok(Windows(_))));
        for bad in [
            "",
            "data",
            "/srv/../etc",
            r"\\server\share",
            "%Docs%",
            "~/x",
        ] {
            assert!(HostSource::parse(bad).is_err(), "{bad}");
        }
    }
}
