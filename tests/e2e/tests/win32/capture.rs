//! Capturing installers that real tools made, of a program that nobody here wrote.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use ctnr_e2e::{Answer, eventually_within};
use serde_json::{Value, json};

use crate::world::{World, given};

/// How long an installer may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the NSIS installer does, but for its files.
pub(crate) const NSIS: &str = r#"
Unicode true
Name "Seven"
RequestExecutionLevel admin
InstallDir "$PROGRAMFILES64\Seven"
OutFile "setup.exe"
Section
  SetRegView 64
  SetOutPath "$INSTDIR"
  File "7za.exe"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKLM "Software\Seven" "Path" "$INSTDIR"
  WriteRegExpandStr HKLM "Software\Seven" "Home" "%ProgramFiles%\Seven"
  WriteRegDWORD HKLM "Software\Seven\Deep\Options" "Level" 42
  WriteRegBin HKLM "Software\Seven" "Blob" 00ff10
  WriteRegStr HKCU "Software\Seven" "" "for the user"
  WriteRegStr HKLM "Software\Kept" "New" "1"
  DeleteRegValue HKLM "Software\Kept" "Gone"
  DeleteRegKey HKLM "Software\Removed"
  WriteRegStr HKLM "Software\Classes\.sev" "" "Seven.Archive"
  WriteRegStr HKLM "Software\Classes\Seven.Archive" "" "Archive of Seven"
  WriteRegStr HKLM "Software\Classes\Seven.Archive\shell\open\command" "" '"$INSTDIR\7za.exe" "%1"'
  WriteRegStr HKLM "Software\Microsoft\Windows\CurrentVersion\Uninstall\Seven" "DisplayName" "Seven Zip"
  WriteRegStr HKLM "Software\Microsoft\Windows\CurrentVersion\Uninstall\Seven" "DisplayVersion" "21.7"
  WriteRegStr HKLM "Software\Microsoft\Windows\CurrentVersion\Uninstall\Seven" "Publisher" "Nobody"
  SetShellVarContext all
  CreateDirectory "$SMPROGRAMS\Seven"
  CreateShortcut "$SMPROGRAMS\Seven\Seven Zip.lnk" "$INSTDIR\7za.exe" "-bd"
  CreateShortcut "$SMPROGRAMS\Seven\Uninstall.lnk" "$INSTDIR\uninstall.exe"
SectionEnd
Section "Uninstall"
SectionEnd
"#;

/// A package of Windows Installer.
const WXS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Name="Eight" Id="*" UpgradeCode="7c9c3b5c-0f2a-4e0b-9c53-0d7c6a4e8a01" Language="1033" Version="1.2.3" Manufacturer="Nobody">
    <Package InstallerVersion="200" Compressed="yes" InstallScope="perMachine"/>
    <Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir">
      <Directory Id="ProgramFiles64Folder">
        <Directory Id="APP" Name="Eight">
          <Component Id="Main" Guid="5f6a3a54-5c31-4c62-8f02-6b7b3a1f9b11" Win64="yes">
            <File Id="Exe" Name="7za.exe" Source="7za.exe" KeyPath="yes"/>
            <RegistryValue Root="HKLM" Key="Software\Eight" Name="Edition" Type="string" Value="full"/>
          </Component>
        </Directory>
      </Directory>
    </Directory>
    <Feature Id="All" Level="1"><ComponentRef Id="Main"/></Feature>
  </Product>
</Wix>
"#;

/// Has a tool make an installer of `source` and 7-Zip's program.
fn built(tool: &str, args: &[&str], source: &str, script: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let program = given("CTNR_TEST_WIN32").join("x64/7za.exe");
    fs::copy(program, folder.path().join("7za.exe")).unwrap();
    fs::write(folder.path().join(script), source).unwrap();
    let ran = Command::new(tool)
        .args(args)
        .arg(script)
        .current_dir(folder.path())
        .output()
        .unwrap_or_else(|error| panic!("{tool}: {error}; `cargo xtask test` installs it"));
    assert!(ran.status.success(), "{tool}: {ran:?}");
    let name = if tool == "wixl" {
        "setup.msi"
    } else {
        "setup.exe"
    };
    fs::read(folder.path().join(name)).unwrap()
}

/// An NSIS installer of this script.
pub(crate) fn nsis(source: &str) -> Vec<u8> {
    built("makensis", &["-V1"], source, "setup.nsi")
}

/// An NSIS installer with these instructions and no files.
fn nsis_of(instructions: &str) -> Vec<u8> {
    nsis(&format!(
        "Name x\nOutFile setup.exe\nInstallDir \"$PROGRAMFILES64\\X\"\nRequestExecutionLevel user\nSection\n{instructions}\nSectionEnd\n"
    ))
}

impl World {
    /// Sends a file in two pieces.
    #[track_caller]
    pub(crate) fn upload(&self, content: &[u8]) -> String {
        let upload = self.api().post("/api/uploads").expect(201).json();
        let id = upload["id"].as_str().unwrap().to_owned();
        let (first, second) = content.split_at(content.len() / 2);
        for (offset, piece) in [(0, first), (first.len(), second)] {
            let path = format!("/api/uploads/{id}?offset={offset}");
            self.api().send("PUT", &path, piece).expect(200);
        }
        id
    }

    #[track_caller]
    fn begin(&self, name: &str, file: &str, content: &[u8], more: Value) -> Answer {
        let mut body = json!({ "upload": self.upload(content), "name": file });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.ask(name, "capture", &body)
    }

    /// Captures an installer, and gives its job when that is over.
    #[track_caller]
    pub(crate) fn capture(&self, name: &str, file: &str, content: &[u8], more: Value) -> Value {
        let started = self.begin(name, file, content, more).expect(202).json();
        self.job_over(started["job"].as_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn job_over(&self, job: &str) -> Value {
        eventually_within(PATIENCE, "the capture", || {
            let job = self
                .api()
                .get(&format!("/api/jobs/{job}"))
                .expect(200)
                .json();
            match job["state"].as_str().unwrap() {
                "queued" | "running" => Err(job.to_string()),
                _ => Ok(job),
            }
        })
    }

    #[track_caller]
    pub(crate) fn captures(&self, name: &str) -> Vec<Value> {
        let path = format!("/api/containers/{name}/captures");
        let list = self.api().get(&path).expect(200).json();
        list["captures"].as_array().unwrap().clone()
    }
}

/// A key of a delta: hive, key, `-` where it is gone, and its values.
fn told(capture: &Value) -> Vec<String> {
    let changes = capture["registry"].as_array().unwrap();
    let mut told: Vec<String> = changes
        .iter()
        .flat_map(|change| {
            let key = format!(
                "{} {}",
                change["hive"].as_str().unwrap(),
                change["key"].as_str().unwrap()
            );
            let mut lines = Vec::new();
            if change["removed"] == true {
                lines.push(format!("{key} -"));
            }
            for (name, data) in change["set"].as_object().into_iter().flatten() {
                lines.push(format!("{key} {name}={}", data.as_str().unwrap()));
            }
            for name in change["unset"].as_array().into_iter().flatten() {
                lines.push(format!("{key} {}=-", name.as_str().unwrap()));
            }
            if lines.is_empty() {
                lines.push(format!("{key} +"));
            }
            lines
        })
        .collect();
    told.sort();
    told
}

#[test]
fn an_nsis_installer_becomes_a_program_with_exactly_what_it_wrote() {
    let world = World::start();
    world.create(&json!({ "name": "app" }));
    for line in [
        r"reg add HKLM\Software\Kept /v Gone /d 1",
        r"reg add HKLM\Software\Removed\Below /v x /d 1",
        r"echo mine> C:\users\user\mine.txt",
    ] {
        world.cmd("app", line);
    }
    let job = world.capture("app", "setup.exe", &nsis(NSIS), json!({}));
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(job["result"]["kind"], "nsis");

    let captures = world.captures("app");
    assert_eq!(captures.len(), 1);
    let uninstall = r"machine Software\Microsoft\Windows\CurrentVersion\Uninstall\Seven";
    let expected = [
        r#"machine Software\Classes\.sev ="Seven.Archive""#.to_owned(),
        r#"machine Software\Classes\Seven.Archive ="Archive of Seven""#.to_owned(),
        r#"machine Software\Classes\Seven.Archive\shell\open\command ="\"C:\\Program Files\\Seven\\7za.exe\" \"%1\"""#.to_owned(),
        r#"machine Software\Kept Gone=-"#.to_owned(),
        r#"machine Software\Kept New="1""#.to_owned(),
        format!(r#"{uninstall} DisplayName="Seven Zip""#),
        format!(r#"{uninstall} DisplayVersion="21.7""#),
        format!(r#"{uninstall} Publisher="Nobody""#),
        r"machine Software\Removed -".to_owned(),
        r"machine Software\Seven Blob=hex:00,ff,10".to_owned(),
        r#"machine Software\Seven Home=str(2):"%ProgramFiles%\\Seven""#.to_owned(),
        r#"machine Software\Seven Path="C:\\Program Files\\Seven""#.to_owned(),
        r"machine Software\Seven\Deep\Options Level=dword:0000002a".to_owned(),
        r#"user Software\Seven ="for the user""#.to_owned(),
    ];
    assert_eq!(told(&captures[0]), expected);
    let product = &captures[0]["products"][0];
    assert_eq!(product["name"], "Seven Zip");
    assert_eq!(product["publisher"], "Nobody");

    // The program, its arguments and its file type are the container's.
    let row = world.look("app");
    assert_eq!(row["entry_points"], json!(["seven-zip"]), "{row}");
    let manifest = world.api().get("/api/containers/app/manifest").text();
    assert!(
        manifest.contains("21.7") && manifest.contains(".sev"),
        "{manifest}"
    );
    let ran = world
        .ask("app", "run", &json!({ "args": ["i"] }))
        .expect(200)
        .json();
    assert!(ran["output"].as_str().unwrap().contains("7-Zip"), "{ran}");
    assert!(
        world
            .cmd("app", r"reg query HKLM\Software\Seven")
            .contains("Home")
    );
    assert_eq!(world.cmd("app", r"type C:\users\user\mine.txt"), "mine\n");
    let left = world.cmd("app", r"if exist C:\ctnr-capture echo there");
    assert_eq!(left, "");

    // A reset drops what was written since, and keeps the program.
    world.cmd("app", r"del C:\users\user\mine.txt & echo x> C:\x.txt");
    world.ask("app", "reset", &json!({})).expect(200);
    let ran = world
        .ask("app", "run", &json!({ "args": ["i"] }))
        .expect(200)
        .json();
    assert_eq!(ran["exit_code"], 0, "{ran}");
    assert_eq!(world.cmd("app", r"type C:\users\user\mine.txt"), "mine\n");

    let layer = captures[0]["layer"].as_str().unwrap();
    let path = format!("/api/containers/app/captures/{layer}/registry");
    let file = world.api().get(&path).expect(200).text();
    assert!(
        file.contains("[-HKEY_LOCAL_MACHINE\\Software\\Removed]"),
        "{file}"
    );
    world.end();
}

#[test]
fn an_msi_lies_over_an_earlier_program() {
    let world = World::start();
    world.create(&json!({ "name": "app" }));
    let first = world.capture("app", "setup.exe", &nsis(NSIS), json!({}));
    assert_eq!(first["state"], "succeeded", "{first}");
    let msi = built("wixl", &["-a", "x64", "-o", "setup.msi"], WXS, "setup.wxs");
    let job = world.capture("app", "eight.msi", &msi, json!({}));
    assert_eq!(job["state"], "succeeded", "{job}");
    let captures = world.captures("app");
    assert_eq!(captures.len(), 2);
    assert_eq!(captures[1]["kind"], "msi");
    assert_eq!(captures[1]["products"][0]["version"], "1.2.3");
    let keys = told(&captures[1]);
    assert!(
        keys.contains(&r#"machine Software\Eight Edition="full""#.to_owned()),
        "{keys:#?}"
    );
    let row = world.look("app");
    assert_eq!(row["entry_points"], json!(["seven-zip", "7za"]), "{row}");
    for entry in ["seven-zip", "7za"] {
        let run = json!({ "entry": entry, "args": ["i"] });
        let ran = world.ask("app", "run", &run).expect(200).json();
        assert_eq!(ran["exit_code"], 0, "{ran}");
    }
    world.end();
}

#[test]
fn what_comes_to_nothing_leaves_the_container_as_it_was() {
    let world = World::start();
    world.create(&json!({ "name": "app" }));
    world.cmd("app", r"echo kept> C:\kept.txt");
    let writes = "CreateDirectory $INSTDIR\nWriteRegStr HKCU Software\\X a b\n";
    let as_it_was = |why: &str| {
        assert_eq!(world.look("app").get("capture"), None, "{why}");
        assert_eq!(world.captures("app").len(), 0, "{why}");
        let there = world.cmd(
            "app",
            r"type C:\kept.txt & if exist C:\ctnr-capture echo there",
        );
        assert_eq!(there, "kept\n", "{why}");
        let key = world.exec("app", &["reg", "query", r"HKCU\Software\X"]);
        assert_ne!(key["exit_code"], 0, "{why}");
    };

    // Pieces that do not fit, and uploads that are not there.
    let upload = world.upload(b"12345");
    let path = format!("/api/uploads/{upload}?offset=3");
    let refused = world.api().send("PUT", &path, "x");
    assert!(refused.expect_error(409, "CONFLICT").contains("5 bytes"));
    world
        .api()
        .get("/api/uploads/x")
        .expect_error(400, "BAD_REQUEST");
    world
        .api()
        .delete(&format!("/api/uploads/{upload}"))
        .expect(204);
    let body = json!({ "upload": upload, "name": "a.exe" });
    world
        .ask("app", "capture", &body)
        .expect_error(404, "NOT_FOUND");

    // What is no installer, and a program of no kind that is known.
    let refused = world.begin("app", "notes.txt", b"just a text", json!({}));
    assert!(
        refused
            .expect_error(400, "BAD_REQUEST")
            .contains("no installer")
    );
    let program = fs::read(given("CTNR_TEST_WIN32").join("x64/7za.exe")).unwrap();
    let refused = world.begin("app", "7za.exe", b"MZ nothing", json!({}));
    assert!(
        refused
            .expect_error(400, "BAD_REQUEST")
            .contains("arguments")
    );
    let refused = world.begin("app", r"..\a.exe", &program, json!({}));
    refused.expect_error(400, "BAD_REQUEST");

    let failing = nsis_of(&format!("{writes}SetErrorLevel 7\nQuit"));
    let job = world.capture("app", "setup.exe", &failing, json!({}));
    assert_eq!(job["state"], "failed");
    assert!(
        job["error"].as_str().unwrap().contains("exit code 7"),
        "{job}"
    );
    as_it_was("it failed");

    let hanging = nsis_of(&format!("{writes}Sleep 600000"));
    let job = world.capture("app", "setup.exe", &hanging, json!({ "timeout": 5 }));
    assert_eq!(job["state"], "failed");
    assert!(
        job["error"].as_str().unwrap().contains("within 5 seconds"),
        "{job}"
    );
    as_it_was("it took too long");

    // Called off in the middle; meanwhile nobody else changes the container.
    let started = world
        .begin("app", "setup.exe", &hanging, json!({}))
        .expect(202)
        .json();
    let job = started["job"].as_str().unwrap();
    eventually_within(PATIENCE, "the mark", || {
        match world.look("app").get("capture") {
            Some(_) => Ok(()),
            None => Err("not yet".to_owned()),
        }
    });
    world
        .ask("app", "exec", &json!({ "cmd": ["cmd"] }))
        .expect_error(409, "CONFLICT");
    let second = world.begin("app", "setup.exe", &failing, json!({}));
    assert!(second.expect_error(409, "CONFLICT").contains("captured"));
    world.api().delete(&format!("/api/jobs/{job}")).expect(202);
    assert_eq!(world.job_over(job)["state"], "cancelled");
    as_it_was("it was called off");
    world.end();
}

#[test]
fn children_are_waited_for_and_those_that_stay_are_ended() {
    let world = World::start();
    world.create(&json!({ "name": "app" }));
    // The installer ends at once; one child writes later, the other one stays.
    let leaving = nsis_of(
        "Exec 'cmd /c \"ping -n 3 127.0.0.1 & mkdir C:\\late\"'\nExec 'cmd /c \"ping -n 600 127.0.0.1\"'",
    );
    let job = world.capture("app", "setup.exe", &leaving, json!({ "settle": 8 }));
    assert_eq!(job["state"], "succeeded", "{job}");
    let left = job["result"]["left_running"].to_string();
    assert!(left.contains("cmd") && left.contains("ping"), "{job}");
    assert_eq!(world.cmd("app", r"if exist C:\late echo there"), "there\n");
    world.end();
}

#[test]
fn a_capture_by_hand_goes_on_when_a_person_says_so() {
    let world = World::start();
    world.create(&json!({ "name": "app" }));
    let path = "/api/containers/app/capture/finish";
    world.api().post(path).expect_error(409, "CONFLICT");
    let waiting = nsis_of("Sleep 600000");
    let by_hand = json!({ "by_hand": true, "arguments": ["/S"] });
    let started = world
        .begin("app", "setup.exe", &waiting, by_hand)
        .expect(202)
        .json();
    eventually_within(PATIENCE, "the installer", || {
        let answer = world.api().post(path);
        if answer.status == 204 {
            Ok(())
        } else {
            Err(answer.text())
        }
    });
    let job = world.job_over(started["job"].as_str().unwrap());
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(world.captures("app").len(), 1);
    world.end();
}

#[test]
fn a_backend_that_is_killed_in_the_middle_does_it_once() {
    let mut world = World::start();
    world.create(&json!({ "name": "app" }));
    let slow = nsis_of("Sleep 4000\nCreateDirectory $INSTDIR\nWriteRegStr HKCU Software\\X a b");
    let started = world
        .begin("app", "setup.exe", &slow, json!({}))
        .expect(202)
        .json();
    let job = started["job"].as_str().unwrap().to_owned();
    eventually_within(PATIENCE, "the installer", || {
        let job = world
            .api()
            .get(&format!("/api/jobs/{job}"))
            .expect(200)
            .json();
        let message = job["progress"]["message"].as_str().unwrap_or_default();
        if message.starts_with("running") {
            Ok(())
        } else {
            Err(job.to_string())
        }
    });
    thread::sleep(Duration::from_millis(500));
    world.backend.kill();
    world.backend.resume();
    let job = world.job_over(&job);
    assert_eq!(job["state"], "succeeded", "{job}");
    let captures = world.captures("app");
    assert_eq!(captures.len(), 1);
    assert_eq!(told(&captures[0]), [r#"user Software\X a="b""#]);
    world.end();
}
