//! The walk through a capture: an installer of Windows goes into a container, its program runs, goes out
//! as one file, and runs from that under another name.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::create;
use crate::console::Step;
use crate::http::Api;
use crate::image;
use crate::process::Run;

/// An installer of 7-Zip's console program, as a vendor makes one.
const SCRIPT: &str = r#"
Unicode true
Name "7-Zip"
OutFile "setup.exe"
InstallDir "$PROGRAMFILES64\7-Zip"
RequestExecutionLevel admin
Section
  SetRegView 64
  SetOutPath "$INSTDIR"
  File "7za.exe"
  WriteRegStr HKLM "Software\7-Zip" "Path" "$INSTDIR"
  WriteRegStr HKLM "Software\Microsoft\Windows\CurrentVersion\Uninstall\7-Zip" "DisplayName" "7-Zip"
  WriteRegStr HKLM "Software\Microsoft\Windows\CurrentVersion\Uninstall\7-Zip" "DisplayVersion" "21.07"
  CreateShortcut "$SMPROGRAMS\7-Zip.lnk" "$INSTDIR\7za.exe"
SectionEnd
"#;

/// How often the job is looked at, and how often at the most.
const LOOK: Duration = Duration::from_millis(250);
const LOOKS: u32 = 1_200;

/// Walks through a capture, and removes its container also where a step fails.
pub(super) fn walk(api: &Api) -> Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("ctnr-capture-")
        .tempdir()
        .context("cannot make a folder for the installer")?;
    let step = Step::start("Making an installer of 7-Zip (makensis)");
    fs::copy(
        image::programs()?.join("x64/7za.exe"),
        folder.path().join("7za.exe"),
    )
    .context("cannot copy 7za.exe")?;
    fs::write(folder.path().join("setup.nsi"), SCRIPT).context("cannot write setup.nsi")?;
    Run::new("makensis")
        .args(["-V1", "setup.nsi"])
        .dir(folder.path())
        .capture()?;
    let installer = fs::read(folder.path().join("setup.exe")).context("cannot read setup.exe")?;
    step.done_with(format!("{} bytes", installer.len()));

    let (name, _) = create::under_free_name(
        api,
        "/api/containers",
        "container",
        "captured-zip",
        json!({}),
        "`cargo xtask image wine` makes the runtime",
    )?;
    let one = format!("/api/containers/{name}");
    let walked = steps(api, &one, &installer).and_then(|()| carried(api, &name));
    delete(api, &one, walked)
}

/// Deletes a container after its steps. The error of a step is the one to show.
fn delete(api: &Api, one: &str, walked: Result<()>) -> Result<()> {
    let step = Step::start("Deleting it");
    let deleted = api.expect(204, "DELETE", one, None);
    walked?;
    deleted?;
    step.done_with("204 No Content");
    Ok(())
}

/// Carries a container: out as a file, and in again under another name.
fn carried(api: &Api, name: &str) -> Result<()> {
    let step = Step::start("Exporting it to one file");
    let artifact = api.download(&format!("/api/containers/{name}/export"))?;
    step.done_with(format!("{} bytes", artifact.len()));

    let other = format!("{name}-carried");
    let step = Step::start(format!("Importing the file as {other}"));
    let id = upload(api, &artifact)?;
    let import = json!({ "upload": id, "name": other });
    let started = api.expect(202, "POST", "/api/artifacts/import", Some(&import))?;
    let job = wait(api, &text(&started, "job")?)?;
    step.done_with(format!(
        "{} layers, of which {} were there",
        job["result"]["layers"], job["result"]["reused"]
    ));
    let one = format!("/api/containers/{other}");
    delete(api, &one, run(api, &one))
}

fn steps(api: &Api, one: &str, installer: &[u8]) -> Result<()> {
    let step = Step::start("Capturing the installer: it runs in the container, and asks nothing");
    let id = upload(api, installer)?;
    let capture = json!({ "upload": id, "name": "setup.exe" });
    let started = api.expect(202, "POST", &format!("{one}/capture"), Some(&capture))?;
    let job = wait(api, &text(&started, "job")?)?;
    step.done_with(format!(
        "{}, {} keys of the registry",
        job["result"]["kind"].as_str().unwrap_or_default(),
        job["result"]["registry_keys"]
    ));

    run(api, one)
}

/// Uploads a file, and gives the upload's id.
fn upload(api: &Api, content: &[u8]) -> Result<String> {
    let upload = api.expect(201, "POST", "/api/uploads", None)?;
    let id = text(&upload, "id")?;
    let piece = format!("/api/uploads/{id}?offset=0");
    api.put(200, &piece, "application/octet-stream", content)?;
    Ok(id)
}

/// Runs the program of a container.
fn run(api: &Api, one: &str) -> Result<()> {
    let step = Step::start("Running its program");
    let run = json!({ "args": ["i"] });
    let answer = api.expect(200, "POST", &format!("{one}/run"), Some(&run))?;
    let said = text(&answer, "stdout")?;
    let Some(line) = said.lines().find(|line| line.contains("7-Zip")) else {
        bail!("7za.exe said {said:?}");
    };
    step.done_with(line.trim());
    Ok(())
}

/// Waits until a job has succeeded.
fn wait(api: &Api, job: &str) -> Result<Value> {
    for _ in 0..LOOKS {
        let job = api.expect(200, "GET", &format!("/api/jobs/{job}"), None)?;
        match job["state"].as_str() {
            Some("queued" | "running") => std::thread::sleep(LOOK),
            Some("succeeded") => return Ok(job),
            _ => bail!("the job failed: {}", job["error"]),
        }
    }
    bail!("the job takes too long")
}

fn text(answer: &Value, field: &str) -> Result<String> {
    match answer[field].as_str() {
        Some(text) => Ok(text.to_owned()),
        None => bail!("the answer has no {field}: {answer}"),
    }
}
