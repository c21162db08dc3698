//! Bytes that are compared with their digest as they pass.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ctnr_model::Digest;
use tokio::io::{AsyncRead, ReadBuf};

use crate::ImageError;
use crate::hash::Hasher;

/// A reader that ends with an error where its bytes were not those of a digest, or more or fewer
/// than stated.
pub(crate) struct Verified<R> {
    inner: R,
    hasher: Option<Hasher>,
    left: u64,
    digest: Digest,
}

impl<R> Verified<R> {
    /// Reads what must be `size` bytes with a digest.
    pub(crate) fn new(inner: R, digest: Digest, size: u64) -> Self {
        Self {
            inner,
            hasher: Some(Hasher::new(digest.algorithm())),
            left: size,
            digest,
        }
    }

    fn pass(&mut self, bytes: &[u8]) -> Result<(), ImageError> {
        let what = || format!("layer {}", self.digest);
        let Some(left) = self.left.checked_sub(bytes.len() as u64) else {
            return Err(ImageError::corrupt(what(), "it is longer than stated"));
        };
        self.left = left;
        if !bytes.is_empty() {
            if let Some(hasher) = &mut self.hasher {
                hasher.update(bytes);
            }
            return Ok(());
        }
        if left > 0 {
            let reason = format!("it ends {left} bytes before its stated end");
            return Err(ImageError::corrupt(what(), reason));
        }
        match self.hasher.take().map(Hasher::finish) {
            Some(actual) if actual != self.digest => Err(ImageError::DigestMismatch {
                what: "a layer".to_owned(),
                expected: self.digest.clone(),
                actual,
            }),
            _ => Ok(()),
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Verified<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let passed = self.pass(&buffer.filled()[before..]);
        if passed.is_err() {
            // One who fails has read nothing.
            buffer.set_filled(before);
        }
        Poll::Ready(passed.map_err(io::Error::from))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    async fn read(bytes: &[u8], of: &[u8], size: u64) -> Result<Vec<u8>, String> {
        let mut read = Vec::new();
        let mut reader = Verified::new(bytes, Hasher::sha256(of), size);
        match reader.read_to_end(&mut read).await {
            Ok(_) => Ok(read),
            Err(error) => Err(error.to_string()),
        }
    }

    #[tokio::test]
    async fn other_bytes_are_an_error() {
        assert_eq!(read(b"abc", b"abc", 3).await.unwrap(), b"abc");
        assert_eq!(read(b"", b"", 0).await.unwrap(), b"");
        assert!(
            read(b"abd", b"abc", 3)
                .await
                .unwrap_err()
                .contains("sha256:")
        );
        assert!(
            read(b"ab", b"abc", 3)
                .await
                .unwrap_err()
                .contains("1 bytes before")
        );
        assert!(
            read(b"abcd", b"abc", 3)
                .await
                .unwrap_err()
                .contains("longer")
        );
        assert!(read(b"", b"abc", 0).await.is_err());
    }
}
