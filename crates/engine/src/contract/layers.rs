//! Sandboxes that become layers, and sandboxes made of them.

use std::time::Duration;

use ctnr_model::{ContainerPath, FileOwner, LayerId, SandboxSpec};
use tokio::io::AsyncWriteExt;

use super::bench::{assert_unsupported, error, random};
use super::{Bench, Sandbox};
use crate::{Capability, EngineError, LayerArchive};

/// What a sandbox does of which every trace has to be in its layer.
const CHANGES: &str = "
    set -e
    cd /root && mkdir -m 750 kept && cd kept
    echo one > plain; echo user > user; echo special > special; ln -s ../nowhere link; ln plain hard
    mkfifo pipe; mkdir -m 1777 sticky; dd if=/dev/zero of=large bs=1k count=64 2>/dev/null
    chmod 640 plain; chmod 4755 special
    chown 1000:1000 user; chown -h 2000:2001 link; chown 65535:3 special; chmod 4755 special
    touch -d @1000000 user
    rm /etc/group; rm -r /home/user; mkdir -m 711 /home/user; echo new > /home/user/new
    chmod 751 /";

/// What is seen of it.
const SHOW: &str = "
    cd /root/kept && stat -c '%n %F %u:%g %a %h %s %Y' user special large
    stat -c '%n %F %u:%g %a %h' . plain hard link pipe sticky
    cat plain user special; readlink link; ls -a /etc /home/user; stat -c '%a %u' / /home/user";

impl Bench {
    /// Whether the engine has no layers; then it says so to everything that needs them.
    pub(super) async fn refuses_layers(&self) -> bool {
        if self.has(Capability::Layers) {
            return false;
        }
        let (engine, layer) = (self.engine(), LayerId::from_random(random()));
        let archive = LayerArchive {
            content: Box::new(tokio::io::empty()),
            at: ContainerPath::root(),
            owner: FileOwner::default(),
            only: Vec::new(),
            most: None,
        };
        let made = self
            .try_create(self.of_layers(std::slice::from_ref(&layer)))
            .await;
        assert_unsupported(made, Capability::Layers);
        for refused in [
            engine.freeze(&self.spec().id, &layer).await,
            engine.import_layer(&layer, archive).await,
            engine.remove_layer(&layer).await,
            engine.layers().await.map(drop),
            engine.layer_size(&layer).await.map(drop),
        ] {
            assert_unsupported(refused, Capability::Layers);
        }
        true
    }

    /// Stops a sandbox and freezes it; the layer is the behaviour's to remove.
    pub(super) async fn frozen(&self, sandbox: &Sandbox) -> LayerId {
        sandbox.stop().await;
        let layer = LayerId::from_random(random());
        self.engine()
            .freeze(sandbox.id(), &layer)
            .await
            .expect("the sandbox is frozen");
        layer
    }

    /// A spec for a sandbox of layers.
    pub(super) fn of_layers(&self, layers: &[LayerId]) -> SandboxSpec {
        SandboxSpec {
            layers: layers.to_vec(),
            ..self.spec()
        }
    }
}

/// All that a sandbox has written and deleted is in its layer, and the sandbox is gone.
pub async fn a_frozen_sandbox_is_a_layer(bench: Bench) {
    if bench.refuses_layers().await {
        return;
    }
    let sandbox = bench.running().await;
    sandbox.read(CHANGES).await;
    let before = sandbox.read(SHOW).await;
    let layer = bench.frozen(&sandbox).await;
    let gone = error(bench.engine().status(sandbox.id()).await);
    assert!(matches!(gone, EngineError::SandboxNotFound), "{gone}");
    let size = bench.engine().layer_size(&layer).await.expect("a size");
    assert!((64 << 10..10 << 20).contains(&size), "{size}");
    // Done already, for one who asks again.
    let again = bench.engine().freeze(sandbox.id(), &layer).await;
    again.expect("it was frozen to this layer");
    let other = LayerId::from_random(random());
    let other = error(bench.engine().freeze(sandbox.id(), &other).await);
    assert!(matches!(other, EngineError::SandboxNotFound), "{other}");

    let next = bench.create(bench.of_layers(&[layer])).await;
    assert_eq!(next.read(SHOW).await, before);
}

/// Sandboxes of one layer see the same owners, and nothing of each other's writes.
pub async fn a_layer_is_shared(bench: Bench) {
    if bench.refuses_layers().await {
        return;
    }
    let sandbox = bench.running().await;
    sandbox.read(CHANGES).await;
    let before = sandbox.read(SHOW).await;
    let layer = bench.frozen(&sandbox).await;
    let spec = || bench.of_layers(std::slice::from_ref(&layer));
    let (one, two) = (bench.create(spec()).await, bench.create(spec()).await);
    one.read(
        "cd /root/kept; echo changed > plain; chown 5:5 user; chmod 700 special; rm link
         echo only > /root/only; rm -r /home/user",
    )
    .await;
    assert_eq!(two.read(SHOW).await, before);
    assert_eq!(two.read("ls /root").await, "kept");
    let three = bench.create(spec()).await;
    assert_eq!(three.read(SHOW).await, before);
    // What is written over a layer goes into the next one.
    let over = bench.frozen(&one).await;
    let four = bench.create(bench.of_layers(&[layer, over])).await;
    let seen = "cd /root/kept; cat plain; stat -c %u:%g user; stat -c %a special; ls /root /home";
    assert_eq!(
        four.read(seen).await,
        "changed\n5:5\n700\n/home:\n\n/root:\nkept\nonly"
    );
}

/// A layer stays for as long as a sandbox is made of it, whether that runs or not.
pub async fn a_layer_in_use_stays(bench: Bench) {
    if bench.refuses_layers().await {
        return;
    }
    let layer = bench.frozen(&bench.running().await).await;
    let engine = bench.engine();
    let layers = engine.layers().await.expect("layers");
    assert_eq!(layers, std::slice::from_ref(&layer));
    let mut sandbox = bench
        .create(bench.of_layers(std::slice::from_ref(&layer)))
        .await;
    let used = error(engine.remove_layer(&layer).await);
    assert!(matches!(used, EngineError::Conflict(_)), "{used}");
    sandbox.stop().await;
    let used = error(engine.remove_layer(&layer).await);
    assert!(matches!(used, EngineError::Conflict(_)), "{used}");
    sandbox.start().await;
    engine.delete(sandbox.id()).await.expect("it is deleted");
    engine.remove_layer(&layer).await.expect("it is removed");
    engine.remove_layer(&layer).await.expect("it is gone");
    assert_eq!(engine.layers().await.expect("layers"), []);
    let size = error(engine.layer_size(&layer).await);
    assert!(matches!(size, EngineError::LayerNotFound(_)), "{size}");
    let made = error(bench.try_create(bench.of_layers(&[layer])).await);
    assert!(matches!(made, EngineError::LayerNotFound(_)), "{made}");
}

/// A sandbox that runs is not frozen, and goes on.
pub async fn a_running_sandbox_is_not_frozen(bench: Bench) {
    if bench.refuses_layers().await {
        return;
    }
    let sandbox = bench.running().await;
    let layer = LayerId::from_random(random());
    let refused = error(bench.engine().freeze(sandbox.id(), &layer).await);
    assert!(matches!(refused, EngineError::Conflict(_)), "{refused}");
    assert_eq!(sandbox.read("echo here").await, "here");
    // Nor does a layer take the place of another.
    let taken = bench.frozen(&bench.running().await).await;
    sandbox.stop().await;
    let refused = error(bench.engine().freeze(sandbox.id(), &taken).await);
    assert!(matches!(refused, EngineError::Conflict(_)), "{refused}");
    assert!(bench.engine().status(sandbox.id()).await.is_ok());
}

/// What reads a stopped sandbox's files, and what writes them, has ended when they are frozen.
pub async fn files_in_use_are_waited_for(bench: Bench) {
    if bench.refuses_layers().await {
        return;
    }
    let sandbox = bench.running().await;
    sandbox.stop().await;
    let files = sandbox.files().await;
    let (mut sender, content) = tokio::io::duplex(1024);
    let at = super::sandbox::path("/root/slow");
    let write = files.write(&at, None, Box::new(content));
    let freeze = async {
        // More than pipes hold: when it is taken, somebody writes it to the sandbox.
        let much = vec![b'.'; 4 << 20];
        sender.write_all(&much).await.expect("it is taken");
        let layer = LayerId::from_random(random());
        let frozen = bench.engine().freeze(sandbox.id(), &layer);
        let finish = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            sender.write_all(b"last").await.expect("it is taken");
            drop(sender);
        };
        let (frozen, ()) = futures::join!(frozen, finish);
        frozen.expect("it is frozen when the write has ended");
        layer
    };
    let (written, layer) = futures::join!(write, freeze);
    assert_eq!(written.expect("it is written"), (4 << 20) + 4);
    let next = bench.create(bench.of_layers(&[layer])).await;
    assert_eq!(next.read("tail -c 5 /root/slow").await, ".last");
}
