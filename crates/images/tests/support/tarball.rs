//! Tars with any bytes in their headers.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

/// An entry to be written.
#[derive(Clone)]
pub(crate) struct Item {
    name: Vec<u8>,
    kind: tar::EntryType,
    mode: u32,
    owner: (u64, u64),
    mtime: u64,
    link: Vec<u8>,
    device: (u32, u32),
    records: Vec<(String, Vec<u8>)>,
    data: Vec<u8>,
}

impl Item {
    fn new(name: &str, kind: tar::EntryType) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            kind,
            mode: 0o644,
            owner: (0, 0),
            mtime: 1_000_000,
            link: Vec::new(),
            device: (0, 0),
            records: Vec::new(),
            data: Vec::new(),
        }
    }

    /// A file.
    pub(crate) fn file(name: &str, data: &[u8]) -> Self {
        Self {
            data: data.to_vec(),
            ..Self::new(name, tar::EntryType::Regular)
        }
    }

    /// A directory.
    pub(crate) fn directory(name: &str) -> Self {
        Self {
            mode: 0o755,
            ..Self::new(name, tar::EntryType::Directory)
        }
    }

    /// A symbolic link.
    pub(crate) fn symlink(name: &str, to: &str) -> Self {
        Self {
            link: to.as_bytes().to_vec(),
            ..Self::new(name, tar::EntryType::Symlink)
        }
    }

    /// A hard link.
    pub(crate) fn hard_link(name: &str, to: &str) -> Self {
        Self {
            link: to.as_bytes().to_vec(),
            ..Self::new(name, tar::EntryType::Link)
        }
    }

    /// A device or pipe.
    pub(crate) fn device(name: &str, kind: tar::EntryType, device: (u32, u32)) -> Self {
        Self {
            device,
            ..Self::new(name, kind)
        }
    }

    /// With another type.
    pub(crate) fn kind(mut self, kind: tar::EntryType) -> Self {
        self.kind = kind;
        self
    }

    /// With a mode.
    pub(crate) fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// With an owner and a group.
    pub(crate) fn owner(mut self, uid: u64, gid: u64) -> Self {
        self.owner = (uid, gid);
        self
    }

    /// With a time.
    pub(crate) fn mtime(mut self, mtime: u64) -> Self {
        self.mtime = mtime;
        self
    }

    /// With a PAX record.
    pub(crate) fn record(mut self, key: &str, value: &[u8]) -> Self {
        self.records.push((key.to_owned(), value.to_vec()));
        self
    }

    fn write(&self, out: &mut Vec<u8>) {
        if !self.records.is_empty() {
            let data = self
                .records
                .iter()
                .flat_map(|(key, value)| record(key, value))
                .collect();
            let mut pax = Self::new("pax", tar::EntryType::XHeader);
            pax.data = data;
            pax.write(out);
        }
        let mut header = tar::Header::new_gnu();
        let fields = header.as_old_mut();
        let copy = |to: &mut [u8], from: &[u8]| to[..from.len()].copy_from_slice(from);
        copy(&mut fields.name, &self.name);
        copy(&mut fields.linkname, &self.link);
        header.set_entry_type(self.kind);
        header.set_mode(self.mode);
        header.set_uid(self.owner.0);
        header.set_gid(self.owner.1);
        header.set_mtime(self.mtime);
        header.set_size(self.data.len() as u64);
        header.set_device_major(self.device.0).unwrap();
        header.set_device_minor(self.device.1).unwrap();
        header.set_cksum();
        out.extend(header.as_bytes());
        out.extend(&self.data);
        out.resize(out.len().next_multiple_of(512), 0);
    }
}

fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [
        length.to_string().as_bytes(),
        b" ",
        key.as_bytes(),
        b"=",
        value,
        b"\n",
    ]
    .concat()
}

/// A tar of entries.
pub(crate) fn tar(items: &[Item]) -> Vec<u8> {
    let mut out = Vec::new();
    for item in items {
        item.write(&mut out);
    }
    out.resize(out.len() + 1024, 0);
    out
}
