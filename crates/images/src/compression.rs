//! How the bytes of a layer or an archive are packed.

use std::io::{self, BufRead, BufReader, Read, Write};

use crate::ImageError;

/// A compression of layers and archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Compression {
    /// Plain tar.
    None,
    /// gzip, which every container engine reads.
    #[default]
    Gzip,
    /// zstd at level 3: smaller and faster than gzip, but Docker reads it from version 23 on only.
    Zstd,
}

/// The level that layers are packed with by zstd.
const ZSTD_LEVEL: i32 = 3;

impl Compression {
    /// The layer media type of the OCI image specification.
    pub(crate) fn layer_media_type(self) -> &'static str {
        match self {
            Self::None => "application/vnd.oci.image.layer.v1.tar",
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }

    /// Reads the compression off the first bytes. Media types are not asked: they may lie, and
    /// `docker save` gives none.
    fn detect(start: &[u8]) -> Result<Self, ImageError> {
        let other = match start {
            [0x1f, 0x8b, ..] => return Ok(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => return Ok(Self::Zstd),
            // A skippable frame may stand before a zstd frame.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => return Ok(Self::Zstd),
            [b'B', b'Z', b'h', ..] => "bzip2",
            [0xfd, b'7', b'z', b'X', b'Z', ..] => "xz",
            _ => return Ok(Self::None),
        };
        Err(ImageError::Unsupported {
            what: format!("a layer or archive packed with {other}"),
            advice: "unpack it, or pack it with gzip or zstd".to_owned(),
        })
    }
}

/// A reader of the unpacked bytes, whichever way `Self` is packed.
pub(crate) enum Decoder<R: Read> {
    /// Plain.
    None(BufReader<R>),
    /// gzip, one member or several.
    Gzip(Box<flate2::bufread::MultiGzDecoder<BufReader<R>>>),
    /// zstd, one frame or several.
    Zstd(zstd::stream::read::Decoder<'static, BufReader<R>>),
}

impl<R: Read> Decoder<R> {
    /// Looks at the first bytes of `inner` and unpacks accordingly.
    ///
    /// # Errors
    /// [`ImageError::Unsupported`] for other compressions, wrapped in the I/O error; the reader's.
    pub(crate) fn new(inner: R) -> io::Result<Self> {
        let mut inner = BufReader::with_capacity(128 * 1024, inner);
        let compression = Compression::detect(fill(&mut inner)?)?;
        Ok(match compression {
            Compression::None => Self::None(inner),
            Compression::Gzip => Self::Gzip(Box::new(flate2::bufread::MultiGzDecoder::new(inner))),
            Compression::Zstd => Self::Zstd(zstd::stream::read::Decoder::with_buffer(inner)?),
        })
    }

    /// What was found.
    pub(crate) fn compression(&self) -> Compression {
        match self {
            Self::None(_) => Compression::None,
            Self::Gzip(_) => Compression::Gzip,
            Self::Zstd(_) => Compression::Zstd,
        }
    }
}

/// The buffered start of a reader, waiting out interruptions.
fn fill<R: Read>(reader: &mut BufReader<R>) -> io::Result<&[u8]> {
    loop {
        match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(_) => return Ok(reader.buffer()),
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::None(reader) => reader.read(buffer),
            Self::Gzip(reader) => reader.read(buffer),
            Self::Zstd(reader) => reader.read(buffer),
        }
    }
}

/// A writer that packs. The same bytes in give the same bytes out.
pub(crate) enum Encoder<W: Write> {
    /// Plain.
    None(W),
    /// gzip with neither name nor time.
    Gzip(flate2::write::GzEncoder<W>),
    /// zstd.
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> Encoder<W> {
    /// Packs into `inner`.
    ///
    /// # Errors
    /// Where the packer has no memory.
    pub(crate) fn new(inner: W, compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::None(inner),
            Compression::Gzip => Self::Gzip(flate2::write::GzEncoder::new(
                inner,
                flate2::Compression::fast(),
            )),
            Compression::Zstd => Self::Zstd(zstd::stream::write::Encoder::new(inner, ZSTD_LEVEL)?),
        })
    }

    /// Writes what is left and gives the inner writer back.
    ///
    /// # Errors
    /// The inner writer's.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::None(inner) => Ok(inner),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::None(inner) => inner.write(buffer),
            Self::Gzip(encoder) => encoder.write(buffer),
            Self::Zstd(encoder) => encoder.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::None(inner) => inner.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_and_finds_out_how() {
        let text = b"hello ".repeat(1000);
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let mut encoder = Encoder::new(Vec::new(), compression).unwrap();
            encoder.write_all(&text).unwrap();
            let packed = encoder.finish().unwrap();
            let mut decoder = Decoder::new(packed.as_slice()).unwrap();
            assert_eq!(decoder.compression(), compression);
            let mut unpacked = Vec::new();
            decoder.read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, text);
        }
    }

    #[test]
    fn other_compressions_are_named() {
        let error = Decoder::new(&b"BZh91AY"[..]).err().unwrap();
        assert!(error.to_string().contains("bzip2"), "{error}");
        assert_eq!(
            Decoder::new(&b""[..]).unwrap().compression(),
            Compression::None
        );
    }
}
