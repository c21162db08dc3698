//! The demo of the specification, line by line, by the real `curl`.

use ctnr_e2e::{Backend, Engine, Ran, busybox, eventually, fetch, sh};
use serde_json::{Value, json};

/// Pastes lines of the specification into a shell, with this backend's port and this sandbox's id.
struct Shell {
    port: u16,
    id: String,
}

impl Shell {
    fn paste(&self, line: &str) -> Ran {
        let line = line
            .replace("localhost:8080", &format!("localhost:{}", self.port))
            .replace("a3f8c2d1", self.id.get(..8).unwrap_or_default())
            .replace(
                "curl ",
                "curl --silent --show-error --write-out '\\n%{http_code}' ",
            );
        sh(&line)
    }

    /// The status and the body of what was pasted.
    #[track_caller]
    fn answer(&self, line: &str) -> (u16, Value) {
        let ran = self.paste(line);
        let (body, status) = ran.clone().ok().rsplit_once('\n').map(owned).unwrap();
        let body = match body.as_str() {
            "" => Value::Null,
            body => serde_json::from_str(body).unwrap_or_else(|_| panic!("{ran:?}")),
        };
        (status.parse().unwrap(), body)
    }
}

fn owned((body, status): (&str, &str)) -> (String, String) {
    (body.to_owned(), status.to_owned())
}

const CREATE: &str = r#"curl -X POST http://localhost:8080/v1/sandboxes \
  -H "Content-Type: application/json" \
  -d '{
    "image": "nextjs-docker:latest",
    "name": "my-nextjs",
    "ports": ["3000/tcp"]
  }'"#;

/// Walks through the demo with an image under the name that the specification has, whose page
/// holds `page`.
fn walk(backend: &Backend, engine: Engine, page: &str, execs: &[(&[&str], &str)]) {
    let mut shell = Shell {
        port: backend.port(),
        id: String::new(),
    };

    let (status, created) = shell.answer(CREATE);
    assert_eq!(status, 201, "{created}");
    let fields: Vec<&String> = created.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["id", "ports"]);
    shell.id = created["id"].as_str().unwrap().to_owned();
    assert_eq!(shell.id.len(), 64);
    assert!(
        shell
            .id
            .bytes()
            .all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
    );
    let port: u16 = created["ports"]["3000/tcp"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();

    let (status, list) = shell.answer("curl http://localhost:8080/v1/sandboxes");
    assert_eq!(status, 200);
    let listed = &list["sandboxes"][0];
    assert_eq!(list["sandboxes"].as_array().unwrap().len(), 1);
    assert_eq!(listed["Id"], shell.id);
    assert_eq!(listed["Names"], json!(["/my-nextjs"]));
    assert_eq!(listed["Image"], "nextjs-docker:latest");
    assert_eq!(listed["State"], "running");
    assert!(
        listed["Status"].as_str().unwrap().starts_with("Up "),
        "{listed}"
    );

    let (status, found) = shell.answer("curl http://localhost:8080/v1/sandboxes/a3f8c2d1");
    assert_eq!(status, 200);
    assert_eq!(found["Id"], shell.id);
    assert_eq!(found["Name"], "/my-nextjs");
    assert_eq!(found["State"]["Running"], true);
    assert_eq!(
        found["NetworkSettings"]["Ports"]["3000/tcp"][0]["HostPort"],
        port.to_string()
    );

    let (status, ran) = shell.answer(
        r#"curl -X POST http://localhost:8080/v1/sandboxes/a3f8c2d1/exec \
  -H "Content-Type: application/json" \
  -d '{ "cmd": ["ls", "/app/src"] }'"#,
    );
    assert_eq!((status, &ran["output"]), (200, &json!("app\n")), "{ran}");
    assert_eq!(ran["exit_code"], 0);
    for (cmd, output) in execs {
        let answer = backend.api().post_json(
            &format!("/v1/sandboxes/{}/exec", shell.id),
            &json!({ "cmd": cmd }),
        );
        let output_now = answer.expect(200).json()["output"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(output_now.contains(output), "{cmd:?}: {output_now}");
    }

    page_comes(port, page);
    let (status, stopped) =
        shell.answer("curl -X POST http://localhost:8080/v1/sandboxes/a3f8c2d1/stop");
    assert_eq!((status, stopped), (200, json!({ "status": "stopped" })));
    let (_, list) = shell.answer("curl http://localhost:8080/v1/sandboxes");
    assert_eq!(list, json!({ "sandboxes": [] }));
    let (_, list) = shell.answer("curl 'http://localhost:8080/v1/sandboxes?all=true'");
    assert_eq!(list["sandboxes"][0]["State"], "exited", "{list}");
    assert!(fetch("127.0.0.1", port).is_err());

    let (status, restarted) =
        shell.answer("curl -X POST http://localhost:8080/v1/sandboxes/a3f8c2d1/restart");
    assert_eq!((status, restarted), (200, json!({ "status": "restarted" })));
    page_comes(port, page);
    let (_, found) = shell.answer("curl http://localhost:8080/v1/sandboxes/a3f8c2d1");
    assert_eq!(
        found["NetworkSettings"]["Ports"]["3000/tcp"][0]["HostPort"],
        port.to_string(),
        "the port stays the same over a restart, on {engine:?}"
    );

    let (status, _) = shell.answer("curl -X DELETE http://localhost:8080/v1/sandboxes/a3f8c2d1");
    assert_eq!(status, 204);
    let (status, error) = shell.answer("curl http://localhost:8080/v1/sandboxes/a3f8c2d1");
    assert_eq!(status, 404);
    assert_eq!(
        error,
        json!({ "code": "NOT_FOUND", "message": "sandbox not found" })
    );
    assert!(fetch("127.0.0.1", port).is_err());
}

/// The page comes on IPv4, on IPv6 and by the name of this host.
#[track_caller]
fn page_comes(port: u16, page: &str) {
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        eventually("the page", || {
            let text = fetch(host, port)?;
            if text.contains(page) {
                Ok(())
            } else {
                Err(text)
            }
        });
    }
}

/// Busybox in the place of the demo's image: a page on port 3000, and a folder `/app/src/app`.
fn stand_in(backend: &mut Backend) {
    use ctnr_e2e::Item;
    backend.import(
        &busybox()
            .named("nextjs-docker:latest")
            .layer(&[
                Item::directory("app"),
                Item::directory("app/src"),
                Item::directory("app/src/app"),
                Item::file("app/index.html", "a page from busybox"),
            ])
            // The first process of a sandbox gets no signal that it does not ask for.
            .config(
                "Cmd",
                json!([
                    "sh",
                    "-c",
                    "trap exit TERM; httpd -f -p 3000 -h /app & wait"
                ]),
            )
            .config("WorkingDir", json!("/app"))
            .config("ExposedPorts", json!({ "3000/tcp": {} })),
    );
}

#[test]
fn the_demo_with_a_busybox() {
    let mut backend = Backend::native();
    stand_in(&mut backend);
    walk(
        &backend,
        Engine::Native,
        "a page from busybox",
        &[
            (&["cat", "/app/index.html"], "a page"),
            (&["pwd"], "/app\n"),
        ],
    );
}

/// The image is made by the recipe, which keeps its layers in the cache of this user.
#[test]
fn the_demo_with_next_js() {
    let mut backend = Backend::builder().start();
    backend.stop();
    let made = ctnr_e2e::run(
        std::process::Command::new(ctnr_e2e::built("xtask"))
            .args(["image", "nextjs-docker", "--engine", "native", "--data-dir"])
            .arg(backend.data()),
    );
    made.ok();
    backend.resume();
    walk(
        &backend,
        Engine::Native,
        "<html",
        &[
            (&["bun", "--version"], "1.3.9\n"),
            (&["ls", "-la", "/app/src/app"], "page"),
            (&["cat", "/app/package.json"], "\"next\""),
            (&["sh", "-c", "echo $NODE_ENV; pwd"], "development\n/app\n"),
        ],
    );
}

/// The same on Docker. The image has a name of its own there, since Docker is shared with others.
#[test]
fn the_walk_on_docker() {
    let name = format!("ctnr-e2e-demo:{}", std::process::id());
    let backend = Backend::builder()
        .engine(Engine::Docker)
        .image(busybox().named(&name))
        .start();
    let sandbox = backend.api().create(&json!({
        "image": name, "ports": ["3000/tcp"],
        "cmd": ["sh", "-c", "echo from docker > /tmp/index.html; exec httpd -f -p 3000 -h /tmp"],
    }));
    let port = sandbox.port("3000/tcp");
    for host in ["127.0.0.1", "localhost"] {
        eventually("the page", || fetch(host, port));
    }
    let listed = &backend.api().all()[0];
    assert_eq!(listed["State"], "running");
    assert_eq!(listed["Engine"], "docker");
    assert_eq!(
        sandbox.exec(&["cat", "/tmp/index.html"]).output,
        "from docker\n"
    );
    assert_eq!(sandbox.exec(&["no-such-command"]).code, 127);
    assert_eq!(sandbox.exec(&["/etc/passwd"]).code, 126);
    assert_eq!(sandbox.stop(1).json(), json!({ "status": "stopped" }));
    assert_eq!(sandbox.state("Status"), "exited");
    assert_eq!(sandbox.restart().json(), json!({ "status": "restarted" }));
    let ports = &sandbox.inspect()["NetworkSettings"]["Ports"]["3000/tcp"];
    assert_eq!(ports[0]["HostPort"], port.to_string());
    eventually("the page again", || fetch("127.0.0.1", port));
    sandbox.delete();
    let path = sandbox.path("");
    backend.api().get(&path).expect_error(404, "NOT_FOUND");
}

#[test]
fn errors_of_the_table() {
    let backend = Backend::native();
    let shell = Shell {
        port: backend.port(),
        id: "0123456789".to_owned(),
    };
    let (status, error) = shell.answer(
        r#"curl -X POST http://localhost:8080/v1/sandboxes -H "Content-Type: application/json" -d '{ "name": "my-nextjs" }'"#,
    );
    assert_eq!((status, &error["code"]), (400, &json!("BAD_REQUEST")));
    assert!(
        error["message"].as_str().unwrap().contains("image"),
        "{error}"
    );
    let id = "http://localhost:8080/v1/sandboxes/a3f8c2d1";
    for line in [
        format!("curl {id}"),
        format!("curl -X DELETE {id}"),
        format!("curl -X POST {id}/stop"),
        format!("curl -X POST {id}/restart"),
        format!("curl -X POST {id}/exec -d '{{\"cmd\": [\"ls\"]}}'"),
    ] {
        let (status, error) = shell.answer(&line);
        let expected = json!({ "code": "NOT_FOUND", "message": "sandbox not found" });
        assert_eq!((status, error), (404, expected), "{line}");
    }
}
