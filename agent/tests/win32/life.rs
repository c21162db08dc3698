//! The session of a container: what it keeps, what it keeps apart, and how it ends.

use ctnr_engine::SandboxEngine;
use ctnr_model::SandboxState;

use crate::world::World;

const KEY: &str = r"HKCU\Software\Test";

#[tokio::test]
async fn the_registry_is_written_when_a_container_stops() {
    let world = World::new().await;
    let container = world.container().await;
    for round in ["one", "two", "three"] {
        let added = world
            .run(
                &container,
                &["reg", "add", KEY, "/v", round, "/d", round, "/f"],
            )
            .await;
        assert_eq!(added.code, 0, "{added:?}");
        let status = world.stop(&container).await;
        assert_eq!(status.exit.expect("how it ended").code, 0);
        world
            .engine
            .start(&container, &[])
            .await
            .expect("it starts again");
        world.settle(&container).await;
    }
    let read = world.run(&container, &["reg", "query", KEY]).await;
    for round in ["one", "two", "three"] {
        assert!(read.stdout.contains(round), "{read:?}");
    }
    world.end(&[container]).await;
}

#[tokio::test]
async fn containers_side_by_side_have_their_own() {
    let world = World::new().await;
    let (one, two) = tokio::join!(world.container(), world.container());
    let added = world.run(&one, &["reg", "add", KEY, "/f"]).await;
    assert_eq!(added.code, 0, "{added:?}");
    // A library of Wine's own: it is a link to the runtime's, which must not change.
    let library = r"C:\windows\system32\version.dll";
    let written = world
        .run(&one, &["cmd", "/c", "echo", "changed", ">", library])
        .await;
    assert_eq!(written.code, 0, "{written:?}");
    let read = world.run(&two, &["reg", "query", KEY]).await;
    assert_eq!(read.code, 1, "{read:?}");
    let size = |place: &str| vec!["/usr/bin/stat".into(), "-c%s".into(), place.to_owned()];
    let in_prefix = "/wine/drive_c/windows/system32/version.dll";
    let of_wine = "/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/version.dll";
    let changed = world.exec(&one, size(in_prefix), b"").await;
    let of_one = world.exec(&one, size(of_wine), b"").await;
    let of_two = world.exec(&two, size(in_prefix), b"").await;
    assert_eq!(of_one.stdout, of_two.stdout);
    assert_ne!(changed.stdout, of_two.stdout);
    // Nothing of the Linux side has a drive.
    let drives = world.run(&two, &["cmd", "/c", "dir", r"Z:\"]).await;
    assert_ne!(drives.code, 0, "{drives:?}");
    world.end(&[one, two]).await;
}

#[tokio::test]
async fn a_container_whose_server_is_killed_ends_and_starts_again() {
    let world = World::new().await;
    let container = world.container().await;
    let kill = "for folder in /proc/[0-9]*; do read -r name <$folder/comm; \
                [ \"$name\" = wineserver64 ] && kill -9 ${folder#/proc/}; done; sleep 10";
    let words = ["/bin/sh", "-c", kill].map(String::from);
    // The end of the first process ends this one too.
    world.exec(&container, words.into(), b"").await;
    let status = loop {
        let status = world.engine.status(&container.id).await.expect("it exists");
        if status.state != SandboxState::Running {
            break status;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(status.exit.expect("how it ended").code, 1);
    world
        .engine
        .start(&container, &[])
        .await
        .expect("it starts again");
    world.settle(&container).await;
    let ran = world.run(&container, &["cmd", "/c", "exit 3"]).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    world.end(&[container]).await;
}
