//! Lines of JSON, as a stream.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};
use futures::{StreamExt, stream};
use serde::de::DeserializeOwned;

use crate::{Answer, ClientError, Result, Stream};

/// The longest line that is taken. The backend's longest are pieces of output in base64.
pub(crate) const LONGEST: usize = 16 * 1024 * 1024;

/// Cuts what comes into lines, without their ends.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: BytesMut,
    /// How much of `rest` is known to have no end of line.
    searched: usize,
}

impl Lines {
    /// Takes what came, and gives the lines that are whole with it.
    pub(crate) fn push(&mut self, piece: &[u8], route: &str) -> Result<VecDeque<Bytes>> {
        self.rest.extend_from_slice(piece);
        let mut whole = VecDeque::new();
        while let Some(at) = self.rest[self.searched..]
            .iter()
            .position(|byte| *byte == b'\n')
        {
            let mut line = self.rest.split_to(self.searched + at);
            self.rest.advance(1);
            self.searched = 0;
            if line.ends_with(b"\r") {
                line.truncate(line.len() - 1);
            }
            whole.push_back(line.freeze());
        }
        self.searched = self.rest.len();
        if self.rest.len() > LONGEST {
            return Err(ClientError::TooLong {
                route: route.to_owned(),
                limit: LONGEST,
            });
        }
        Ok(whole)
    }

    /// What is left when nothing more comes: a last line without an end.
    pub(crate) fn finish(&mut self) -> Option<Bytes> {
        self.searched = 0;
        let rest = self.rest.split().freeze();
        (!rest.is_empty()).then_some(rest)
    }
}

/// A stream of bytes as a stream of lines.
pub(crate) fn split(bytes: Stream<Bytes>, route: String) -> Stream<Bytes> {
    struct State {
        bytes: Stream<Bytes>,
        lines: Lines,
        whole: VecDeque<Bytes>,
        is_over: bool,
    }
    let state = State {
        bytes,
        lines: Lines::default(),
        whole: VecDeque::new(),
        is_over: false,
    };
    stream::try_unfold((state, route), |(mut state, route)| async move {
        loop {
            if let Some(line) = state.whole.pop_front() {
                return Ok(Some((line, (state, route))));
            }
            if state.is_over {
                return Ok(None);
            }
            match state.bytes.next().await.transpose()? {
                Some(piece) => state.whole = state.lines.push(&piece, &route)?,
                None => {
                    state.is_over = true;
                    state.whole.extend(state.lines.finish());
                }
            }
        }
    })
    .boxed()
}

/// A stream of bytes as a stream of values, one a line; empty lines are passed over.
pub(crate) fn parse<T: DeserializeOwned + Send + 'static>(
    bytes: Stream<Bytes>,
    route: String,
) -> Stream<Answer<T>> {
    split(bytes, route.clone())
        .filter_map(move |line| {
            let value = match line {
                Ok(line) if line.is_empty() => None,
                Ok(line) => Some(Answer::read(&line, &route)),
                Err(error) => Some(Err(error)),
            };
            async move { value }
        })
        .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&str]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut all = Vec::new();
        for piece in pieces {
            all.extend(lines.push(piece.as_bytes(), "GET /").unwrap());
        }
        all.extend(lines.finish());
        all.iter()
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect()
    }

    #[test]
    fn lines_are_cut_wherever_the_pieces_end() {
        assert_eq!(cut(&["a\nb", "c\r\n\nd"]), ["a", "bc", "", "d"]);
        assert_eq!(cut(&["a", "\n"]), ["a"]);
        assert_eq!(cut(&[]), [""; 0]);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut lines = Lines::default();
        let piece = vec![b'x'; LONGEST];
        assert!(lines.push(&piece, "GET /").is_ok());
        assert!(matches!(
            lines.push(b"xx", "GET /"),
            Err(ClientError::TooLong { .. })
        ));
    }
}
