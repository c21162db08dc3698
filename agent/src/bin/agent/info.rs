//! `agent info`.

use serde_json::json;

use crate::look::{Holder, lines, look};
use crate::settings::Settings;

pub(crate) async fn run(settings: &Settings, as_json: bool) -> anyhow::Result<String> {
    let found = look(settings).await?;
    let report = found.report(&settings.name, &settings.client).await;
    let holder = match &found.holder {
        Holder::Nobody(_) => None,
        Holder::Other(process) => Some(process),
    };
    if as_json {
        let mut document = serde_json::to_value(&report)?;
        document["id"] = json!(found.installation);
        document["data_dir"] = json!(settings.data_dir);
        document["held_by"] = json!(holder);
        return Ok(format!("{document:#}\n"));
    }
    let held = match holder {
        None => "held by nobody".to_owned(),
        Some(process) => format!("held by {process}"),
    };
    let mut text = format!(
        "host {} ({} {}), id {}\ndata directory {}, {held}\n",
        report.name,
        report.system,
        report.architecture,
        found.installation,
        settings.data_dir.display()
    );
    if report.engines.is_empty() {
        text.push_str(&format!(
            "its engines are known to the process that holds it, and no backend of it answers at {}\n",
            settings.client.address()
        ));
    }
    for line in lines(&report) {
        text.push_str(&line);
        text.push('\n');
    }
    Ok(text)
}
