//! Events on standard output, a line each.

use ctnr_client::EventStream;
use ctnr_model::Event;
use serde_json::Value;

use crate::context::Context;
use crate::error::Result;

/// Shows events for as long as they come.
pub(crate) async fn show(mut events: EventStream, context: &Context) -> Result<()> {
    loop {
        let event = events.next().await?;
        if context.output.json {
            context.output.record(event.json())?;
        } else {
            // As it came: a later backend has actions that this program does not know.
            let action = event.json().get("action").and_then(Value::as_str);
            let line = line(&event, action.unwrap_or_default());
            context.output.line(&line)?;
        }
    }
}

fn line(event: &Event, action: &str) -> String {
    let id = event.id.get(..12).unwrap_or(&event.id);
    let mut line = format!("{:<6} {:.3} {action:<8} {id}", event.sequence, event.time);
    for (name, value) in &event.attributes {
        line.push_str(&format!(" {name}={value}"));
    }
    crate::output::clean(&line).into_owned()
}
