//! Programs that nobody here wrote.

use std::time::Duration;

use ctnr_engine::SandboxEngine;
use ctnr_model::ContainerPort;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::World;

const BITNESSES: [&str; 2] = ["x64", "ia32"];

#[tokio::test]
async fn seven_zip_packs_and_unpacks_at_both_bitnesses() {
    let world = World::new().await;
    let container = world.container().await;
    for bitness in BITNESSES {
        let program = format!(r"C:\tools\{bitness}\7za.exe");
        let archive = format!(r"C:\users\user\{bitness} ñ.7z");
        let packed = world
            .run(
                &container,
                &[
                    &program,
                    "a",
                    "-mx1",
                    "-sccUTF-8",
                    &archive,
                    r"C:\windows\win.ini",
                    &program,
                ],
            )
            .await;
        assert_eq!(packed.code, 0, "{packed:?}");
        assert!(packed.stdout.contains("Everything is Ok"), "{packed:?}");
        let to = format!(r"-oC:\out {bitness}");
        let unpacked = world
            .run(
                &container,
                &[&program, "x", "-y", "-sccUTF-8", &archive, &to],
            )
            .await;
        assert_eq!(unpacked.code, 0, "{unpacked:?}");
        let copy = format!("/wine/drive_c/out {bitness}/7za.exe");
        let original = format!("/wine/drive_c/tools/{bitness}/7za.exe");
        let compared = ["/usr/bin/cmp", &copy, &original].map(String::from);
        let compared = world.exec(&container, compared.into(), b"").await;
        assert_eq!(compared.code, 0, "{compared:?}");
        // What it says of a file that is missing, it says by its code.
        let failed = world
            .run(&container, &[&program, "t", r"C:\missing.7z"])
            .await;
        assert_eq!(failed.code, 2, "{failed:?}");
    }
    world.end(&[container]).await;
}

#[tokio::test]
async fn streams_are_not_mangled_at_both_bitnesses() {
    let world = World::new().await;
    let container = world.container().await;
    for bitness in BITNESSES {
        let program = format!(r"C:\tools\{bitness}\esbuild.exe");
        let source = "const größe = 'ñandú 日本 €'; console.log( größe )";
        let built = world
            .run_with(
                &container,
                &[&program, "--minify-whitespace", "--charset=utf8"],
                source.as_bytes(),
            )
            .await;
        assert_eq!(built.code, 0, "{built:?}");
        assert!(built.stdout.contains("ñandú 日本 €"), "{built:?}");
        let failed = world.run_with(&container, &[&program], b"const = 1").await;
        assert_eq!((failed.code, failed.stdout.as_str()), (1, ""), "{failed:?}");
        assert!(failed.stderr.contains("Expected identifier"), "{failed:?}");
    }
    for (code, shown) in [(0, 0), (7, 7), (255, 255), (256, 1), (300, 44)] {
        let exit = format!("exit {code}");
        let ended = world.run(&container, &["cmd", "/c", &exit]).await;
        assert_eq!(ended.code, shown, "{ended:?}");
    }
    let listed = world
        .run(
            &container,
            &[
                "cmd",
                "/c",
                "dir",
                "/b",
                r"C:\Program Files",
                "&",
                "exit",
                "5",
            ],
        )
        .await;
    assert_eq!(listed.code, 5, "{listed:?}");
    assert!(listed.stdout.contains("Common Files\r\n"), "{listed:?}");
    world.end(&[container]).await;
}

#[tokio::test]
async fn programs_of_32_bits_reach_the_network_under_the_default_filter() {
    let world = World::new().await;
    let container = world.container().await;
    for (port, bitness) in [(8064, "x64"), (8032, "ia32")] {
        let program = format!(r"C:\tools\{bitness}\esbuild.exe");
        let listen = format!("--serve=127.0.0.1:{port}");
        let words = [program.as_str(), &listen, r"--servedir=C:\tools"];
        let serving = world.start(&container, &words).await;
        let asking = async {
            let port = ContainerPort::parse(&format!("{port}/tcp")).expect("a port");
            loop {
                if let Ok(mut stream) = world.engine.connect(&container.id, port).await {
                    let request = format!("GET /{bitness}/ HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
                    let mut answer = String::new();
                    if stream.write_all(request.as_bytes()).await.is_ok()
                        && stream.read_to_string(&mut answer).await.is_ok()
                        && !answer.is_empty()
                    {
                        return answer;
                    }
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::select! {
            answer = asking => assert!(answer.contains("7za.exe"), "{answer}"),
            ended = serving.exit => panic!("it ended: {ended:?}"),
        }
    }
    world.end(&[container]).await;
}
