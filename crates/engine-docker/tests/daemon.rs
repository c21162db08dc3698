//! What concerns the daemon beside the contract: owners, networks, lost connections, registries.
#![cfg(feature = "system-tests")]

mod cuttable;
mod setup;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{ListNetworksOptions, PushImageOptions};
use ctnr_engine::contract::{Setup, TestImage, check};
use ctnr_engine::{EngineError, SandboxEngine};
use ctnr_engine_docker::{Options, SocketSearch};
use ctnr_model::{ContainerPort, ImageReference};
use futures::StreamExt;
use tokio::sync::mpsc;

use cuttable::Cuttable;
use setup::{connect, options, setup_of};

async fn docker() -> Docker {
    let docker = Docker::connect_with_unix_defaults().expect("Docker's socket");
    docker.negotiate_version().await.expect("Docker answers")
}

/// The names of an owner's networks.
async fn networks(options: &Options) -> Vec<String> {
    let label = format!("dev.ctnr.owner={}", options.owner.as_str());
    let listed = docker()
        .await
        .list_networks(Some(ListNetworksOptions {
            filters: Some(HashMap::from([("label".to_owned(), vec![label])])),
        }))
        .await
        .expect("networks");
    listed
        .into_iter()
        .filter_map(|network| network.name)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_do_not_see_each_other() {
    let stranger = connect(options()).await;
    check(setup::setup().await, |bench| async move {
        let sandbox = bench.running().await;
        assert!(stranger.list().await.unwrap().is_empty());
        let status = stranger.status(sandbox.id()).await;
        assert!(matches!(status, Err(EngineError::SandboxNotFound)));
        stranger.delete(sandbox.id()).await.unwrap();
        assert!(sandbox.status().await.state.is_alive());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_goes_with_the_last_sandbox() {
    let options = options();
    let engine = connect(options.clone()).await;
    check(setup_of(engine.clone()), |bench| async move {
        let first = bench.running().await;
        let second = bench.running().await;
        assert_eq!(networks(&options).await.len(), 1);
        engine.delete(first.id()).await.unwrap();
        assert_eq!(networks(&options).await.len(), 1);
        engine.delete(second.id()).await.unwrap();
        assert!(networks(&options).await.is_empty());

        let mut bad = bench.spec();
        bad.process.cmd = Some(vec!["no-such-program".to_owned()]);
        assert!(bench.try_create(bad).await.is_err());
        assert!(networks(&options).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_each_keeps_sandboxes_apart() {
    let options = Options {
        network_per_sandbox: true,
        ..options()
    };
    let engine = connect(options.clone()).await;
    check(setup_of(engine.clone()), |bench| async move {
        let server = bench
            .create(bench.script("nc -ll -p 7007 -e echo here"))
            .await;
        let mut other = bench.running().await;
        assert_eq!(networks(&options).await.len(), 2);
        let inspection = engine.inspect(&server.spec).await.unwrap();
        let (address, _) = inspection.network.unwrap().addresses[0];
        let port = ContainerPort::parse("7007").unwrap();
        while engine.connect(server.id(), port).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let reached = other
            .sh(&format!("nc -w 2 {address} 7007 < /dev/null"))
            .await;
        assert_ne!(reached.status.code, 0);

        // Someone else's cleaning up must not keep a sandbox from starting again.
        other.stop().await;
        let name = format!("ctnr-{}", other.id().short());
        docker().await.remove_network(&name).await.unwrap();
        other.start().await;
        assert_eq!(other.read("echo back").await, "back");

        engine.delete(server.id()).await.unwrap();
        engine.delete(other.id()).await.unwrap();
        assert!(networks(&options).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_create_leaves_nothing() {
    let options = options();
    let engine = connect(options.clone()).await;
    check(setup_of(engine.clone()), |bench| async move {
        bench.running().await;
        for pause in [0, 20, 100, 300] {
            let spec = bench.spec();
            let create = bench.try_create(spec);
            let abandoned = tokio::time::timeout(Duration::from_millis(pause), create).await;
            if abandoned.is_err() {
                // It is made to its end and then undone.
                tokio::time::sleep(Duration::from_secs(3)).await;
                assert_eq!(engine.list().await.unwrap().len(), 1, "after {pause} ms");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_away_is_unavailable() {
    let way = Arc::new(Cuttable::new());
    let options = Options {
        socket: SocketSearch::at(way.socket()),
        ..options()
    };
    let engine = connect(options.clone()).await;
    let setup = Setup {
        keep: Box::new(Arc::clone(&way)),
        ..setup_of(engine.clone())
    };
    check(setup, |bench| async move {
        let sandbox = bench.running().await;
        way.cut();
        for error in [
            engine.list().await.unwrap_err(),
            engine.status(sandbox.id()).await.unwrap_err(),
            engine.create(&bench.spec()).await.unwrap_err(),
            engine.inspect(&sandbox.spec).await.unwrap_err(),
        ] {
            assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
            assert!(
                error.to_string().contains("systemctl start docker"),
                "{error}"
            );
        }
        way.mend();
        assert!(sandbox.status().await.state.is_alive());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_are_told_after_a_lost_connection() {
    let way = Arc::new(Cuttable::new());
    let cut = connect(Options {
        socket: SocketSearch::at(way.socket()),
        ..options()
    })
    .await;
    let setup = Setup {
        keep: Box::new(Arc::clone(&way)),
        ..setup_of(cut)
    };
    check(setup, |bench| async move {
        let script = "echo ready; until [ -e /tmp/go ]; do sleep 0.1; done; exit 4";
        let sandbox = bench.create(bench.script(script)).await;
        sandbox.logged("ready").await;
        let mut exits = bench.engine().exits();
        sandbox
            .read("(sleep 2; touch /tmp/go) > /dev/null 2>&1 &")
            .await;
        way.cut();
        tokio::time::sleep(Duration::from_secs(4)).await;
        way.mend();
        let exit = exits.next().await.unwrap();
        assert_eq!(exit.id, *sandbox.id());
        assert_eq!(exit.status.exit.unwrap().code, 4);
        assert!(sandbox.status().await.finished_at.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_pulled_from_a_registry() {
    let registry = std::env::var("CTNR_TEST_REGISTRY")
        .expect("CTNR_TEST_REGISTRY names a registry: run cargo xtask test, which starts one");
    check(setup::setup().await, |bench| async move {
        let image = TestImage::unique();
        bench.import(&image).await;
        let images = bench.engine().images();
        let id = images.inspect(&image.tag).await.unwrap().summary.id;
        let repository = format!("{registry}/{}", image.reference().repository());
        let name = ImageReference::parse(&format!("{repository}:v1")).unwrap();
        images.tag(&image.tag, &name).await.unwrap();
        let options = PushImageOptions {
            tag: Some("v1".to_owned()),
            ..PushImageOptions::default()
        };
        let docker = docker().await;
        let mut pushed = docker.push_image(&repository, Some(options), None);
        while let Some(info) = pushed.next().await {
            info.expect("it is pushed");
        }
        images
            .remove(&id.to_string(), &Default::default())
            .await
            .unwrap();
        assert!(images.inspect(&name.familiar()).await.is_err());

        let (progress, mut told) = mpsc::channel(100);
        let pulled = images
            .pull(&name, &Default::default(), progress)
            .await
            .unwrap();
        assert_eq!(pulled.summary.id, id);
        let mut phases = Vec::new();
        while let Some(progress) = told.recv().await {
            phases.push(progress.phase);
        }
        assert!(phases.contains(&"done".to_owned()), "{phases:?}");

        let digest = pulled.manifest.expect("a manifest's digest");
        let exact = ImageReference::parse(&format!("{repository}@{digest}")).unwrap();
        let (progress, _) = mpsc::channel(1);
        let again = images
            .pull(&exact, &Default::default(), progress)
            .await
            .unwrap();
        assert_eq!(again.summary.id, id);
        images
            .remove(&id.to_string(), &Default::default())
            .await
            .unwrap();

        let none = ImageReference::parse(&format!("{registry}/none/none:v1")).unwrap();
        let (progress, _) = mpsc::channel(1);
        let error = images
            .pull(&none, &Default::default(), progress)
            .await
            .unwrap_err();
        assert!(
            matches!(error, EngineError::ImageNotFound { .. }),
            "{error}"
        );
        let away = ImageReference::parse("127.0.0.1:9/none/none:v1").unwrap();
        let (progress, _) = mpsc::channel(1);
        let error = images
            .pull(&away, &Default::default(), progress)
            .await
            .unwrap_err();
        assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
    })
    .await;
}
