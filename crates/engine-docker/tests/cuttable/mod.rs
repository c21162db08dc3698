//! A way to the daemon that can be cut.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// A socket in front of the daemon's.
pub(crate) struct Cuttable {
    directory: PathBuf,
    open: Arc<watch::Sender<bool>>,
}

impl Cuttable {
    /// A new socket, open.
    pub(crate) fn new() -> Self {
        let mut random = [0; 8];
        std::fs::File::open("/dev/urandom")
            .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut random))
            .expect("random bytes");
        let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let directory = std::env::temp_dir().join(format!("ctnr-{name}"));
        std::fs::create_dir(&directory).expect("a directory");
        let listener = UnixListener::bind(directory.join("sock")).expect("a socket");
        let open = Arc::new(watch::Sender::new(true));
        let gate = Arc::clone(&open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, gate.subscribe()));
            }
        });
        Self { directory, open }
    }

    /// The socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.join("sock")
    }

    /// Breaks all connections, and refuses others until it is mended.
    pub(crate) fn cut(&self) {
        self.open.send_replace(false);
    }

    /// Lets connections through again.
    pub(crate) fn mend(&self) {
        self.open.send_replace(true);
    }
}

impl Drop for Cuttable {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.directory).expect("the directory is removed");
    }
}

async fn relay(mut client: UnixStream, mut open: watch::Receiver<bool>) {
    if !*open.borrow_and_update() {
        return;
    }
    let daemon = std::env::var("DOCKER_HOST").unwrap_or_default();
    let daemon = daemon
        .strip_prefix("unix://")
        .unwrap_or("/var/run/docker.sock");
    let mut daemon = UnixStream::connect(Path::new(daemon))
        .await
        .expect("the daemon answers");
    tokio::select! {
        // Either side's leaving ends it, whichever way.
        _ = tokio::io::copy_bidirectional(&mut client, &mut daemon) => {}
        _ = open.wait_for(|open| !open) => {}
    }
}
