//! The one field of a program's header that tells how it meets its user.

use ctnr_model::container::EntryKind;

/// How much of a program is read for it.
pub(super) const HEAD: usize = 4_096;

/// Where a program's header says where the one of PE is (Microsoft's "PE Format").
const POINTER: usize = 0x3c;
/// Where the subsystem is, behind that.
const SUBSYSTEM: usize = 0x5c;
/// `IMAGE_SUBSYSTEM_WINDOWS_CUI`.
const CONSOLE: u8 = 3;

/// The kind of a program, by its first bytes; of windows, where they don't say.
pub(super) fn kind(bytes: &[u8]) -> EntryKind {
    let pointer = bytes.get(POINTER..POINTER + 4);
    let at = pointer.map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
    match bytes.get(at.saturating_add(SUBSYSTEM)) {
        Some(&CONSOLE) => EntryKind::Console,
        _ => EntryKind::Gui,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subsystem_tells_the_kind() {
        let mut bytes = vec![0; 0x200];
        bytes[POINTER] = 0x80;
        assert_eq!(kind(&bytes), EntryKind::Gui);
        bytes[0x80 + SUBSYSTEM] = CONSOLE;
        assert_eq!(kind(&bytes), EntryKind::Console);
        bytes[POINTER..POINTER + 4].fill(0xff);
        assert_eq!(kind(&bytes), EntryKind::Gui);
    }
}
