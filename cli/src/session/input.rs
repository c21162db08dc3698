//! Standard input, read on a thread of its own.

use std::io::Read;

use bytes::Bytes;
use tokio::sync::mpsc;

/// The most that is read at once; the backend takes messages of up to 1 MiB.
const PIECE: usize = 32 * 1024;

/// Reads standard input until its end. A read that blocks ends with the program.
pub(super) fn read() -> mpsc::Receiver<Bytes> {
    let (sender, receiver) = mpsc::channel(4);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut piece = vec![0; PIECE];
        loop {
            match stdin.read(&mut piece) {
                Ok(0) => return,
                Ok(length) => {
                    let bytes = Bytes::copy_from_slice(&piece[..length]);
                    if sender.blocking_send(bytes).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // A terminal that is gone has no more input than one at its end.
                Err(_) => return,
            }
        }
    });
    receiver
}
