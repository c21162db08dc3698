//! From the program's output to the log.

use std::cell::RefCell;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use ctnr_engine::OutputStream;
use tokio::io::AsyncReadExt;

use crate::log::LogWriter;
use crate::stream;

/// Reads a stream to its end. Where the log can't be written, the output is dropped, and the
/// program goes on.
pub(super) async fn pump(pipe: OwnedFd, name: OutputStream, log: Rc<RefCell<LogWriter>>) {
    let Ok(mut pipe) = stream::reader(pipe) else {
        return;
    };
    let mut buffer = vec![0; 16 * 1024];
    let mut failing = false;
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        let result = log.borrow_mut().write(name, &buffer[..count]);
        if let (Err(error), false) = (&result, failing) {
            tracing::warn!(%error, "the sandbox's log can't be written; its output is dropped");
        }
        failing = result.is_err();
    }
}
