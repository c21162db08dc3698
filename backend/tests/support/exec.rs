//! The few commands that the engine in memory knows: `echo`, `cat`, `ls`, `true`, `false`, `sleep`,
//! and `fail CODE TEXT`, which writes to standard error.

use async_trait::async_trait;
use bytes::Bytes;
use ctnr_engine::*;
use ctnr_model::ExitStatus;
use ctnr_wine::layout;
use futures::{FutureExt, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio_util::io::ReaderStream;

struct Control(mpsc::Sender<i32>);

#[async_trait]
impl ExecControl for Control {
    async fn signal(&self, signal: i32) -> Result<()> {
        // A command that has ended takes no signal, which is no error.
        let _ = self.0.send(signal).await;
        Ok(())
    }

    async fn resize(&self, _size: TerminalSize) -> Result<()> {
        Ok(())
    }
}

pub(super) fn run(spec: &ExecSpec) -> Result<ExecSession> {
    let words: Vec<&str> = spec.cmd.iter().map(String::as_str).collect();
    // A container's programs run as the rest does, without a Wine.
    let words = words.strip_prefix(&[layout::LOADER]).unwrap_or(&words);
    let (text, stream, code) = match words {
        [layout::WAIT] => (String::new(), OutputStream::Stdout, 0),
        ["echo", words @ ..] => (words.join(" ") + "\n", OutputStream::Stdout, 0),
        ["ls", "/app/src"] => ("app\n".to_owned(), OutputStream::Stdout, 0),
        ["true"] => (String::new(), OutputStream::Stdout, 0),
        ["false"] => (String::new(), OutputStream::Stdout, 1),
        ["fail", code, text] => (
            format!("{text}\n"),
            OutputStream::Stderr,
            code.parse().unwrap(),
        ),
        ["cat"] => return Ok(cat()),
        ["sleep", ..] => return Ok(sleep()),
        ["/", ..] => {
            return Err(EngineError::CommandNotExecutable {
                program: "/".to_owned(),
                reason: "is a directory".to_owned(),
            });
        }
        _ => {
            return Err(EngineError::CommandNotFound {
                program: spec.cmd[0].clone(),
            });
        }
    };
    let data = Bytes::from(text);
    let output = if data.is_empty() {
        futures::stream::empty().boxed()
    } else {
        futures::stream::iter([Ok(ExecOutput { stream, data })]).boxed()
    };
    Ok(ExecSession {
        stdin: None,
        output,
        exit: std::future::ready(Ok(ExitStatus::exited(code))).boxed(),
        control: Box::new(Control(mpsc::channel(1).0)),
    })
}

fn cat() -> ExecSession {
    let (stdin, inside) = tokio::io::duplex(65_536);
    let (ended, end) = oneshot::channel();
    let output = ReaderStream::new(inside)
        .map(|data| {
            Ok(ExecOutput {
                stream: OutputStream::Stdout,
                data: data.unwrap(),
            })
        })
        .chain(
            async move {
                let _ = ended.send(());
                futures::stream::empty()
            }
            .flatten_stream(),
        );
    ExecSession {
        stdin: Some(Box::new(stdin)),
        output: output.boxed(),
        exit: end.map(|_| Ok(ExitStatus::exited(0))).boxed(),
        control: Box::new(Control(mpsc::channel(1).0)),
    }
}

fn sleep() -> ExecSession {
    let (signals, mut received) = mpsc::channel(1);
    let (ended, end) = oneshot::channel();
    tokio::spawn(async move {
        if let Some(signal) = received.recv().await {
            let _ = ended.send(signal);
        }
    });
    let (output_end, exit_end) = {
        let end = end.shared();
        (end.clone(), end)
    };
    ExecSession {
        stdin: None,
        output: async move {
            let _ = output_end.await;
            futures::stream::empty()
        }
        .flatten_stream()
        .boxed(),
        exit: exit_end
            .map(|signal| Ok(ExitStatus::signaled(signal.unwrap_or(9))))
            .boxed(),
        control: Box::new(Control(signals)),
    }
}
