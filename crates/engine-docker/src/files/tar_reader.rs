//! Reading a tar stream entry by entry, without holding one.

use std::io;

use bytes::{Bytes, BytesMut};
use ctnr_engine::{EngineError, Result, Stream};
use futures::StreamExt;
use tar::{EntryType, Header, PaxExtensions};

const BLOCK: usize = 512;
/// The longest extension record that is read; paths and attributes fit in many times over.
const MAX_EXTENSION: u64 = 1 << 20;
const DOING: &str = "reading the sandbox's archive";

/// One entry's attributes.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) path: String,
    /// Where a link leads.
    pub(super) link: Option<String>,
    pub(super) entry_type: EntryType,
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Seconds since the epoch.
    pub(super) mtime: i64,
}

/// Reads the entries of a tar stream in order.
pub(super) struct TarReader {
    stream: Stream<Result<Bytes>>,
    buffer: BytesMut,
    /// Bytes of the current entry's content, and of the padding behind it, that were not read.
    content: u64,
    padding: u64,
    /// Bytes taken from the stream.
    taken: u64,
}

/// What extension records say of the entry behind them.
#[derive(Debug, Default)]
struct Extensions {
    path: Option<String>,
    link: Option<String>,
    size: Option<u64>,
    uid: Option<u32>,
    gid: Option<u32>,
}

impl TarReader {
    pub(super) fn new(stream: Stream<Result<Bytes>>) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            content: 0,
            padding: 0,
            taken: 0,
        }
    }

    /// How many bytes have come.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// The next entry; the content of the one before is skipped.
    pub(super) async fn next(&mut self) -> Result<Option<Entry>> {
        let mut extensions = Extensions::default();
        loop {
            self.skip(self.content + self.padding).await?;
            let Some(block) = self.block().await? else {
                return Ok(None);
            };
            if block.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            let header = Header::from_byte_slice(&block);
            let size = header.entry_size().map_err(bad)?;
            self.expect(extensions.size.filter(|_| is_file(header)).unwrap_or(size))?;
            match header.entry_type() {
                EntryType::XGlobalHeader => {}
                EntryType::XHeader => {
                    let data = self.extension().await?;
                    extensions.read_pax(&data)?;
                }
                EntryType::GNULongName => {
                    extensions.path = Some(text(&self.extension().await?));
                }
                EntryType::GNULongLink => {
                    extensions.link = Some(text(&self.extension().await?));
                }
                _ => return entry(header, extensions, self.content).map(Some),
            }
        }
    }

    /// The content of the current entry.
    pub(super) fn into_content(self) -> Stream<Result<Bytes>> {
        futures::stream::unfold(Some(self), |reader| async {
            let mut reader = reader?;
            if reader.content == 0 {
                return None;
            }
            match reader.fill(1).await {
                Ok(()) => {
                    let left = usize::try_from(reader.content).unwrap_or(usize::MAX);
                    let length = reader.buffer.len().min(left);
                    reader.content -= length as u64;
                    let chunk = reader.buffer.split_to(length).freeze();
                    Some((Ok(chunk), Some(reader)))
                }
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }

    /// Takes note of the content behind a header.
    fn expect(&mut self, size: u64) -> Result<()> {
        if size > i64::MAX as u64 {
            return Err(bad(io::Error::other("an entry has an impossible size")));
        }
        self.content = size;
        self.padding = size.next_multiple_of(BLOCK as u64) - size;
        Ok(())
    }

    /// The content of an extension record.
    async fn extension(&mut self) -> Result<Bytes> {
        let length = self.content;
        if length > MAX_EXTENSION {
            return Err(bad(io::Error::other("an entry's attributes are too long")));
        }
        let length = usize::try_from(length).map_err(|error| bad(io::Error::other(error)))?;
        self.fill(length).await?;
        self.content = 0;
        Ok(self.buffer.split_to(length).freeze())
    }

    async fn block(&mut self) -> Result<Option<Bytes>> {
        if self.buffer.is_empty() && !self.more().await? {
            return Ok(None);
        }
        self.fill(BLOCK).await?;
        Ok(Some(self.buffer.split_to(BLOCK).freeze()))
    }

    async fn skip(&mut self, mut length: u64) -> Result<()> {
        while length > 0 {
            self.fill(1).await?;
            let step = self
                .buffer
                .len()
                .min(usize::try_from(length).unwrap_or(usize::MAX));
            drop(self.buffer.split_to(step));
            length -= step as u64;
        }
        self.content = 0;
        self.padding = 0;
        Ok(())
    }

    /// Waits until at least `length` bytes are there.
    async fn fill(&mut self, length: usize) -> Result<()> {
        while self.buffer.len() < length {
            if !self.more().await? {
                return Err(bad(io::ErrorKind::UnexpectedEof.into()));
            }
        }
        Ok(())
    }

    async fn more(&mut self) -> Result<bool> {
        match self.stream.next().await {
            None => Ok(false),
            Some(chunk) => {
                let chunk = chunk?;
                self.taken += chunk.len() as u64;
                self.buffer.extend_from_slice(&chunk);
                Ok(true)
            }
        }
    }
}

impl Extensions {
    fn read_pax(&mut self, data: &[u8]) -> Result<()> {
        for extension in PaxExtensions::new(data) {
            let extension = extension.map_err(bad)?;
            let value = extension.value_bytes();
            let number = || std::str::from_utf8(value).ok()?.parse::<u64>().ok();
            match extension.key_bytes() {
                b"path" => self.path = Some(text(value)),
                b"linkpath" => self.link = Some(text(value)),
                b"size" => self.size = number(),
                b"uid" => self.uid = number().and_then(|uid| u32::try_from(uid).ok()),
                b"gid" => self.gid = number().and_then(|gid| u32::try_from(gid).ok()),
                _ => {}
            }
        }
        Ok(())
    }
}

fn is_file(header: &Header) -> bool {
    !matches!(
        header.entry_type(),
        EntryType::XGlobalHeader
            | EntryType::XHeader
            | EntryType::GNULongName
            | EntryType::GNULongLink
    )
}

fn entry(header: &Header, extensions: Extensions, size: u64) -> Result<Entry> {
    let id = |id: io::Result<u64>| {
        id.map_err(bad)
            .map(|id| u32::try_from(id).unwrap_or(u32::MAX))
    };
    Ok(Entry {
        path: extensions
            .path
            .unwrap_or_else(|| text(&header.path_bytes())),
        link: extensions
            .link
            .or_else(|| header.link_name_bytes().map(|link| text(&link))),
        entry_type: header.entry_type(),
        size,
        mode: header.mode().map_err(bad)?,
        uid: match extensions.uid {
            Some(uid) => uid,
            None => id(header.uid())?,
        },
        gid: match extensions.gid {
            Some(gid) => gid,
            None => id(header.gid())?,
        },
        mtime: i64::try_from(header.mtime().map_err(bad)?).unwrap_or(i64::MAX),
    })
}

/// Bytes as text; names that are not UTF-8 are shown as far as they can be.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned()
}

fn bad(error: io::Error) -> EngineError {
    EngineError::internal(DOING, error)
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    fn archive(names: &[&str]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for name in names {
            let mut header = Header::new_gnu();
            header.set_size(1000);
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            builder
                .append_data(&mut header, name, &[b'x'; 1000][..])
                .unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn reader(bytes: &[u8], step: usize) -> TarReader {
        let chunks: Vec<Result<Bytes>> = bytes
            .chunks(step)
            .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
            .collect();
        TarReader::new(futures::stream::iter(chunks).boxed())
    }

    #[tokio::test]
    async fn entries_come_in_order_wherever_they_are_cut() {
        let long = "d/".repeat(120) + "file";
        let bytes = archive(&["a", &long, "b"]);
        for step in [1, 511, 512, 10_000] {
            let mut reader = reader(&bytes, step);
            for name in ["a", &long, "b"] {
                let entry = reader.next().await.unwrap().unwrap();
                assert_eq!((entry.path.as_str(), entry.size), (name, 1000));
            }
            assert!(reader.next().await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn content_is_read() {
        let bytes = archive(&["a", "b"]);
        let mut reader = reader(&bytes, 100);
        reader.next().await.unwrap();
        let content: Vec<Bytes> = reader.into_content().try_collect().await.unwrap();
        assert_eq!(content.concat(), [b'x'; 1000]);
    }

    #[tokio::test]
    async fn hostile_streams_are_errors() {
        let whole = archive(&["a"]);
        let mut cut = reader(&whole[..700], 100);
        cut.next().await.unwrap();
        assert!(cut.next().await.is_err(), "it ends within an entry");
        let noise = vec![0xff; 2048];
        assert!(reader(&noise, 100).next().await.is_err());
        let mut long = Header::new_gnu();
        long.set_entry_type(EntryType::GNULongName);
        long.set_size(MAX_EXTENSION + 1);
        long.set_cksum();
        assert!(reader(long.as_bytes(), 512).next().await.is_err());
    }
}
