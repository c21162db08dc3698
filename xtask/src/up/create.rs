//! Creating what the walks need, beside what the user has already.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::console::Step;
use crate::http::Api;

/// Creates `what` with `body` under `name`, or with a number behind it where that is somebody's.
/// Gives its name and the answer; `advice` is for where it can't be created.
pub(super) fn under_free_name(
    api: &Api,
    path: &str,
    what: &str,
    name: &str,
    mut body: Value,
    advice: &str,
) -> Result<(String, Value)> {
    for number in 1..100 {
        let name = match number {
            1 => name.to_owned(),
            _ => format!("{name}-{number}"),
        };
        let step = Step::start(format!("Creating the {what} {name}"));
        body["name"] = json!(name);
        let answer = api.send("POST", path, Some(&body))?;
        match answer.status {
            200 | 201 => {
                step.done_with(answer.body["id"].as_str().unwrap_or_default());
                return Ok((name, answer.body));
            }
            409 => step.done_with("the name is taken, another one is tried"),
            _ => bail!("creating a {what} failed: {}; {advice}", answer.shown()),
        }
    }
    bail!("there are a hundred of the name {name}: remove some of them")
}
