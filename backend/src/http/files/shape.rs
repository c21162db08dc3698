//! Files on the wire.

use ctnr_api::{FileInfo, FileKind};

use crate::http::error::{ApiError, Result};

pub(super) fn info(file: ctnr_engine::FileInfo) -> FileInfo {
    FileInfo {
        name: file.name,
        kind: match file.kind {
            ctnr_engine::FileKind::File => FileKind::File,
            ctnr_engine::FileKind::Directory => FileKind::Directory,
            ctnr_engine::FileKind::Symlink => FileKind::Symlink,
            ctnr_engine::FileKind::Other => FileKind::Other,
        },
        size: file.size,
        mode: format!("{:04o}", file.mode),
        uid: file.uid,
        gid: file.gid,
        modified: file.modified,
        target: file.target,
    }
}

/// Reads permission bits in octal.
pub(super) fn mode(text: Option<&str>) -> Result<Option<u32>> {
    let Some(text) = text else {
        return Ok(None);
    };
    let is_octal =
        (1..=4).contains(&text.len()) && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
    is_octal
        .then(|| u32::from_str_radix(text, 8).ok())
        .flatten()
        .map(Some)
        .ok_or_else(|| ApiError::bad_request("mode: expected up to four octal digits, like 644"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_octal() {
        assert_eq!(mode(Some("644")).unwrap(), Some(0o644));
        assert_eq!(mode(Some("4755")).unwrap(), Some(0o4755));
        assert_eq!(mode(None).unwrap(), None);
        for bad in ["", "888", "0o644", "+644", "77777", "rw-"] {
            assert!(mode(Some(bad)).is_err(), "{bad}");
        }
    }
}
