//! The little of HTTP/1.1 (RFC 9112) that loading an image over a Unix socket takes: one request a
//! connection, with bodies of unknown length both ways.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// The most that is read of an answer.
const ANSWER_LIMIT: u64 = 4 << 20;

/// What the server answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Sends a request without a body.
pub(super) fn send(socket: &Path, method: &str, target: &str) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(socket)?;
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"
    )?;
    read_answer(stream)
}

/// Sends a request with the tar that `body` writes.
///
/// A server that refuses early closes its end; what it said counts then, not that the rest could
/// not be written.
pub(super) fn upload<E: From<io::Error>>(
    socket: &Path,
    target: &str,
    body: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<Answer, E> {
    let stream = UnixStream::connect(socket)?;
    let mut writer = BufWriter::new(stream.try_clone()?);
    write!(
        writer,
        "POST {target} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\
         Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n"
    )?;
    let mut chunks = BufWriter::with_capacity(1 << 18, Chunks(writer));
    let sent = body(&mut chunks).and_then(|()| Ok(finish(chunks)?));
    match (sent, read_answer(stream)) {
        (Ok(()), answer) => Ok(answer?),
        (Err(_), Ok(answer)) if answer.status >= 400 => Ok(answer),
        (Err(error), _) => Err(error),
    }
}

fn finish(chunks: BufWriter<Chunks<BufWriter<UnixStream>>>) -> io::Result<()> {
    let Chunks(mut writer) = chunks
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    writer.write_all(b"0\r\n\r\n")?;
    writer.flush()
}

/// Wraps what is written in chunks (RFC 9112, 7.1).
struct Chunks<W>(W);

impl<W: Write> Write for Chunks<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // An empty chunk would end the body.
        if !bytes.is_empty() {
            write!(self.0, "{:x}\r\n", bytes.len())?;
            self.0.write_all(bytes)?;
            self.0.write_all(b"\r\n")?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn read_answer(stream: impl Read) -> io::Result<Answer> {
    let mut reader = BufReader::new(stream.take(ANSWER_LIMIT));
    let status = read_line(&mut reader)?;
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| invalid("no HTTP status"))?;
    let mut chunked = false;
    let mut length = None;
    loop {
        let line = read_line(&mut reader)?.to_ascii_lowercase();
        match line.split_once(':') {
            Some(("transfer-encoding", value)) => chunked = value.trim() == "chunked",
            Some(("content-length", value)) => length = value.trim().parse::<u64>().ok(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = Vec::new();
    if chunked {
        while let size @ 1.. = chunk_size(&mut reader)? {
            reader.by_ref().take(size).read_to_end(&mut body)?;
            read_line(&mut reader)?;
        }
    } else {
        reader
            .take(length.unwrap_or(u64::MAX))
            .read_to_end(&mut body)?;
    }
    Ok(Answer { status, body })
}

fn chunk_size(reader: &mut impl BufRead) -> io::Result<u64> {
    let line = read_line(reader)?;
    let digits = line.split(';').next().unwrap_or_default().trim();
    u64::from_str_radix(digits, 16).map_err(|_| invalid("no size of a chunk"))
}

/// A line without its end.
fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the answer ends too early",
        ));
    }
    Ok(line.trim_end().to_owned())
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the answer has {what}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::thread;

    use super::*;

    /// Serves one connection: reads until `end`, then answers `answer`. Gives what was read.
    fn serve(
        socket: &Path,
        end: &'static [u8],
        answer: &'static str,
    ) -> thread::JoinHandle<Vec<u8>> {
        let listener = UnixListener::bind(socket).expect("a socket");
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut read = Vec::new();
            let mut byte = [0];
            while !read.ends_with(end) && stream.read(&mut byte).expect("readable") == 1 {
                read.push(byte[0]);
            }
            stream.write_all(answer.as_bytes()).expect("writable");
            read
        })
    }

    #[test]
    fn bodies_go_in_chunks_both_ways() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let socket = dir.path().join("socket");
        let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                      3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
        let server = serve(&socket, b"0\r\n\r\n", answer);
        let answer = upload(&socket, "/load", |out| out.write_all(b"hello")).expect("an answer");
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (200, b"abcde".as_slice())
        );
        let request = String::from_utf8(server.join().expect("it served")).expect("text");
        assert!(
            request.ends_with("\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
            "{request}"
        );
    }

    #[test]
    fn a_refusal_while_sending_is_told() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let socket = dir.path().join("socket");
        let refusal = "HTTP/1.1 507 Full\r\nContent-Length: 4\r\n\r\nfull";
        let server = serve(&socket, b"\r\n\r\n", refusal);
        let answer = upload(&socket, "/load", |out| {
            (0..1000).try_for_each(|_| out.write_all(&[0; 65_536]))
        });
        server.join().expect("it served");
        // The kernel may drop the answer with the connection; then the failed write is told.
        match answer {
            Ok(answer) => assert_eq!((answer.status, answer.body.as_slice()), (507, &b"full"[..])),
            Err(error) => {
                use io::ErrorKind::{BrokenPipe, ConnectionReset};
                assert!(
                    matches!(error.kind(), BrokenPipe | ConnectionReset),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn broken_answers_are_errors() {
        for answer in [
            "",
            "nonsense\r\n\r\n",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\n\
                        transfer-encoding: chunked\r\n\r\nzz\r\n",
        ] {
            read_answer(answer.as_bytes()).expect_err(answer);
        }
    }
}
