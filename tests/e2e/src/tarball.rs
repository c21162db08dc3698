//! Tars with any bytes in their headers.

/// An entry of a tar.
#[derive(Debug, Clone)]
pub struct Item {
    name: Vec<u8>,
    kind: u8,
    mode: u32,
    link: Vec<u8>,
    device: (u32, u32),
    data: Vec<u8>,
}

impl Item {
    fn new(name: &str, kind: u8) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            kind,
            mode: 0o644,
            link: Vec::new(),
            device: (0, 0),
            data: Vec::new(),
        }
    }

    fn link(name: &str, kind: u8, to: &str) -> Self {
        Self {
            link: to.as_bytes().to_vec(),
            ..Self::new(name, kind)
        }
    }

    /// A file.
    pub fn file(name: &str, data: impl AsRef<[u8]>) -> Self {
        Self {
            data: data.as_ref().to_vec(),
            ..Self::new(name, b'0')
        }
    }

    /// A program.
    pub fn program(name: &str, data: impl AsRef<[u8]>) -> Self {
        Self::file(name, data).mode(0o755)
    }

    /// A hard link. Docker gives what it leads to the mode that the link has.
    pub fn hard_link(name: &str, to: &str) -> Self {
        Self::link(name, b'1', to).mode(0o755)
    }

    /// A symbolic link.
    pub fn symlink(name: &str, to: &str) -> Self {
        Self::link(name, b'2', to).mode(0o777)
    }

    /// A character device.
    pub fn device(name: &str, major: u32, minor: u32) -> Self {
        Self {
            device: (major, minor),
            ..Self::new(name, b'3').mode(0o666)
        }
    }

    /// A directory.
    pub fn directory(name: &str) -> Self {
        Self::new(name, b'5').mode(0o755)
    }

    /// A named pipe.
    pub fn fifo(name: &str) -> Self {
        Self::new(name, b'6').mode(0o666)
    }

    /// What removes a file of the layers below.
    pub fn whiteout(name: &str) -> Self {
        let at = name.rfind('/').map_or(0, |slash| slash + 1);
        Self::file(&format!("{}.wh.{}", &name[..at], &name[at..]), "")
    }

    /// With a mode.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    fn write(&self, out: &mut Vec<u8>) {
        for (kind, text) in [(b'L', &self.name), (b'K', &self.link)] {
            // GNU's way with what is longer than its field.
            if text.len() > 100 {
                let mut long = Self::new("././@LongLink", kind);
                long.data = [text.as_slice(), b"\0"].concat();
                long.write(out);
            }
        }
        let mut header = [0; 512];
        let mut put = |at: usize, bytes: &[u8], most: usize| {
            let bytes = &bytes[..bytes.len().min(most)];
            header[at..at + bytes.len()].copy_from_slice(bytes);
        };
        let octal = |value: u64, digits: usize| format!("{value:0digits$o}\0");
        put(0, &self.name, 100);
        put(100, octal(self.mode.into(), 7).as_bytes(), 8);
        put(108, octal(0, 7).as_bytes(), 8);
        put(116, octal(0, 7).as_bytes(), 8);
        put(124, octal(self.data.len() as u64, 11).as_bytes(), 12);
        put(136, octal(1_000_000, 11).as_bytes(), 12);
        put(148, b"        ", 8);
        put(156, &[self.kind], 1);
        put(157, &self.link, 100);
        put(257, b"ustar  \0", 8);
        put(329, octal(self.device.0.into(), 7).as_bytes(), 8);
        put(337, octal(self.device.1.into(), 7).as_bytes(), 8);
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend(header);
        out.extend(&self.data);
        out.resize(out.len().next_multiple_of(512), 0);
    }
}

/// A tar of entries.
pub fn tar(items: &[Item]) -> Vec<u8> {
    let mut out = Vec::new();
    for item in items {
        item.write(&mut out);
    }
    out.resize(out.len() + 1024, 0);
    out
}
