//! What the header of a program says of it. See elf(5).

/// Whether this start of an ELF file (64 bits, little-endian, as all processors ctnr runs on have
/// it) has no `PT_INTERP`, so that no dynamic linker is needed.
pub(super) fn is_static(elf: &[u8]) -> bool {
    const PT_INTERP: u32 = 3;
    let half = |at: usize| Some(u16::from_le_bytes(elf.get(at..at + 2)?.try_into().ok()?));
    let headers = || {
        let start = usize::try_from(u64::from_le_bytes(elf.get(0x20..0x28)?.try_into().ok()?));
        let (start, size, count) = (
            start.ok()?,
            usize::from(half(0x36)?),
            usize::from(half(0x38)?),
        );
        (0..count)
            .map(|index| {
                let at = start.checked_add(index * size)?;
                let kind = elf.get(at..at.checked_add(4)?)?.try_into().ok()?;
                Some(u32::from_le_bytes(kind))
            })
            .collect::<Option<Vec<u32>>>()
    };
    elf.starts_with(b"\x7fELF\x02\x01")
        && headers().is_some_and(|kinds| !kinds.is_empty() && !kinds.contains(&PT_INTERP))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn programs_with_a_dynamic_linker_are_told_apart() {
        // Tests are linked with the C library, as every Rust program for a gnu target is.
        let own = fs::read("/proc/self/exe").expect("this program");
        assert!(!is_static(&own));
        let mut without = own[..64 * 1024].to_vec();
        let headers = usize::from(without[0x20]);
        let size = usize::from(without[0x36]);
        for index in 0..usize::from(without[0x38]) {
            without[headers + index * size] = 1;
        }
        assert!(is_static(&without));
        assert!(!is_static(b"#!/bin/sh"));
        assert!(!is_static(&own[..0x30]));
    }
}
