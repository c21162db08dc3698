//! The walk through the demo: create, list, inspect, exec, the page, stop, restart, delete.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::create;
use crate::console::{self, Step};
use crate::http::Api;
use crate::signals;

const IMAGE: &str = "nextjs-docker:latest";

/// How long the page may take: the dev server compiles it when it is first asked for.
const PAGE_PATIENCE: Duration = Duration::from_secs(180);

/// Walks through the demo, and removes its sandbox also where a step fails.
pub(super) fn walk(api: &Api) -> Result<()> {
    let body = json!({"image": IMAGE, "ports": ["3000/tcp"]});
    let advice = "`cargo xtask image nextjs-docker` makes its image";
    let (name, created) =
        create::under_free_name(api, "/v1/sandboxes", "sandbox", "my-nextjs", body, advice)?;
    let walked = steps(api, &name, &created);
    if walked.is_err() {
        // The error of the step is the one to show.
        let _ = api.send("DELETE", &format!("/v1/sandboxes/{name}"), None);
    }
    walked
}

fn steps(api: &Api, name: &str, created: &Value) -> Result<()> {
    let one = format!("/v1/sandboxes/{name}");
    let Some(id) = created["id"].as_str() else {
        bail!("the answer has no id: {created}");
    };
    let Some(port) = created["ports"]["3000/tcp"].as_str() else {
        bail!("the answer has no port for 3000/tcp: {created}");
    };

    let step = Step::start("Listing the sandboxes");
    let list = api.expect(200, "GET", "/v1/sandboxes", None)?;
    let ours = list["sandboxes"]
        .as_array()
        .and_then(|all| all.iter().find(|sandbox| sandbox["Id"] == id))
        .with_context(|| format!("{name} is not in the list: {list}"))?;
    step.done_with(format!("{} is {}", ours["Names"][0], ours["State"]));

    let step = Step::start("Inspecting it by the start of its id");
    let start = id.get(..8).unwrap_or(id);
    let found = api.expect(200, "GET", &format!("/v1/sandboxes/{start}"), None)?;
    if found["Id"] != id {
        bail!("{start} found another sandbox: {}", found["Id"]);
    }
    step.done_with(format!("Status {}", found["State"]["Status"]));

    let step = Step::start("Executing `ls /app/src` in it");
    let run = json!({"cmd": ["ls", "/app/src"]});
    let answer = api.expect(200, "POST", &format!("{one}/exec"), Some(&run))?;
    if answer["output"] != "app\n" {
        bail!("`ls /app/src` answered {answer}, where \"app\\n\" was expected");
    }
    step.done_with(answer["output"].to_string());

    let step = Step::start(format!("Fetching the page http://localhost:{port}"));
    page(port, &step)?;
    step.done();

    let step = Step::start("Stopping it");
    let answer = api.expect(200, "POST", &format!("{one}/stop"), None)?;
    step.done_with(answer.to_string());

    let step = Step::start("Restarting it");
    let answer = api.expect(200, "POST", &format!("{one}/restart"), None)?;
    step.done_with(answer.to_string());

    let step = Step::start("Deleting it");
    api.expect(204, "DELETE", &one, None)?;
    step.done_with("204 No Content");
    Ok(())
}

/// Waits for the page of the dev server.
fn page(port: &str, step: &Step) -> Result<()> {
    let port: u16 = port
        .parse()
        .with_context(|| format!("{port:?} is no port"))?;
    let app = Api::without_key(port, PAGE_PATIENCE);
    let started = Instant::now();
    loop {
        let said = match app.send("GET", "/", None) {
            Ok(answer) if answer.status == 200 => {
                let page = answer.body.as_str().unwrap_or_default();
                if let Some(title) = title(page) {
                    console::note(format!("the page's title: {title}"));
                }
                return Ok(());
            }
            Ok(answer) => format!("it answers {}", answer.status),
            Err(_) => "the dev server starts".to_owned(),
        };
        step.progress(&said);
        if started.elapsed() > PAGE_PATIENCE || signals::received() {
            bail!("the page did not come: {said}");
        }
        thread::sleep(Duration::from_millis(200));
    }
}

fn title(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("<title>")?;
    rest.split_once("</title>").map(|(title, _)| title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_is_found() {
        assert_eq!(
            title("<html><head><title>Hello</title></head>"),
            Some("Hello")
        );
        assert_eq!(title("<html>"), None);
    }
}
