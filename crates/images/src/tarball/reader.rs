//! Going through a tar, an entry at a time.

use std::io::{self, Read};

use tar::{EntryType, Header};

use super::entry::{Entry, LongNames, number};
use super::pax::Records;
use super::sparse::{self, Form};
use super::{BLOCK, malformed};

/// The largest extension header: names, attributes and sparse maps.
const EXTENSION_MAX: u64 = 1024 * 1024;
/// The most extension headers before one entry.
const EXTENSIONS_MAX: usize = 16;

/// A tar that is being read.
pub(crate) struct TarReader<R> {
    inner: R,
    /// Data of the entry at hand that has not been read.
    data: u64,
    /// Zeros behind the data, up to a block.
    padding: u64,
    /// Records that hold for all entries to come.
    global: Records,
}

impl<R: Read> TarReader<R> {
    /// Begins to read.
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            data: 0,
            padding: 0,
            global: Records::default(),
        }
    }

    /// The inner reader. Behind the head of a file without holes it is at the file's data.
    pub(crate) fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The next entry, past what was not read of the one at hand; none at the end.
    ///
    /// # Errors
    /// The reader's; `InvalidData` or `UnexpectedEof` for what is not a well-formed tar.
    pub(crate) fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut long = LongNames::default();
        let mut local = Records::default();
        for _ in 0..=EXTENSIONS_MAX {
            self.skip(self.data + self.padding)?;
            (self.data, self.padding) = (0, 0);
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            match header.entry_type() {
                EntryType::GNULongName => long.path = Some(self.name(&header)?),
                EntryType::GNULongLink => long.link = Some(self.name(&header)?),
                EntryType::XHeader => local.add(&self.extension(&header)?)?,
                EntryType::XGlobalHeader => {
                    let bytes = self.extension(&header)?;
                    self.global = Records::default();
                    self.global.add(&bytes)?;
                }
                _ => return self.entry(&header, long, local).map(Some),
            }
        }
        Err(malformed("too many extension headers before one entry"))
    }

    fn entry(&mut self, header: &Header, long: LongNames, local: Records) -> io::Result<Entry> {
        let mut pax = self.global.clone();
        pax.extend(local);
        let mut entry = Entry::new(header, long, &pax)?;
        self.data = entry.stored;
        self.padding = entry.stored.wrapping_neg() % BLOCK as u64;
        if entry.kind != super::Kind::File {
            return Ok(entry);
        }
        let extents = match sparse::form(header, &pax)? {
            None => return Ok(entry),
            Some(Form::Records(extents)) => extents,
            Some(Form::Header) => sparse::header_map(header, &mut self.inner)?,
            Some(Form::Data) => {
                let (extents, taken) = sparse::data_map(&mut self.inner, entry.stored)?;
                self.data -= taken;
                entry.stored -= taken;
                extents
            }
        };
        sparse::check(&extents, entry.size, entry.stored)?;
        entry.extents = Some(extents);
        Ok(entry)
    }

    /// The next header block; none at the end of the archive.
    fn header(&mut self) -> io::Result<Option<Header>> {
        let mut header = Header::new_old();
        let block = header.as_mut_bytes();
        let mut filled = 0;
        while filled < block.len() {
            match self.inner.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(malformed("it ends in the middle of a header")),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        // The checksum counts its own field as spaces.
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum::<u32>()
            - block[148..156]
                .iter()
                .map(|byte| u32::from(*byte))
                .sum::<u32>()
            + 8 * u32::from(b' ');
        if header.cksum().ok() != Some(sum) {
            return Err(malformed(
                "a header's checksum is wrong, so it is no tar or was changed",
            ));
        }
        Ok(Some(header))
    }

    /// The data of an extension header.
    fn extension(&mut self, header: &Header) -> io::Result<Vec<u8>> {
        let size = number("size", &header.as_old().size)?;
        if size > EXTENSION_MAX {
            return Err(malformed("an extension header is larger than 1 MiB"));
        }
        self.padding = size.wrapping_neg() % BLOCK as u64;
        let mut bytes = Vec::new();
        if (&mut self.inner).take(size).read_to_end(&mut bytes)? as u64 != size {
            return Err(malformed("it ends in the middle of an extension header"));
        }
        Ok(bytes)
    }

    /// The name in one of GNU's long-name entries, without the NUL at its end.
    fn name(&mut self, header: &Header) -> io::Result<Vec<u8>> {
        let mut name = self.extension(header)?;
        while name.last() == Some(&0) {
            name.pop();
        }
        Ok(name)
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        if io::copy(&mut (&mut self.inner).take(bytes), &mut io::sink())? != bytes {
            return Err(malformed("it ends in the middle of a file"));
        }
        Ok(())
    }

    /// Reads to the very end of the stream and gives the inner reader back, so that what stands
    /// behind the archive's end is hashed and counted too.
    pub(crate) fn drain(mut self) -> io::Result<R> {
        io::copy(&mut self.inner, &mut io::sink())?;
        Ok(self.inner)
    }
}

impl<R: Read> Read for TarReader<R> {
    /// Reads data of the entry at hand.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.data)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let count = self.inner.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(malformed("it ends in the middle of a file"));
        }
        self.data -= count as u64;
        Ok(count)
    }
}
