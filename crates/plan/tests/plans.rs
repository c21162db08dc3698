//! Plans of real manifests, for both targets.

use std::collections::BTreeMap;

use ctnr_model::container::{KnownFolder, LayerSource, Manifest, Override, Win32Path};
use ctnr_model::{ContainerPath, Digest, FileOwner, HostPath, LayerId};
use ctnr_plan::{
    LinuxTarget, MountPlan, PlanError, PlanInput, Target, TargetPlan, WindowsTarget, plan,
    resolve_layers,
};

const SEVEN_ZIP: &str = include_str!("../../model/tests/manifests/7-zip.toml");
const NOTEPAD: &str = include_str!("../../model/tests/manifests/notepad.toml");
const FULL: &str = include_str!("../../model/tests/manifests/full.toml");

fn host(path: &str) -> HostPath {
    HostPath::parse(path).expect("a path of the host")
}

fn win32(path: &str) -> Win32Path {
    Win32Path::parse(path).expect("a Win32 path")
}

fn linux() -> Target {
    Target::Linux(LinuxTarget {
        prefix: ContainerPath::parse("/opt/wine/prefix").expect("a path"),
        user: "ctnr".to_owned(),
        owner: FileOwner {
            uid: 1000,
            gid: 1000,
        },
        folders: BTreeMap::from([
            (KnownFolder::Documents, host("/home/ana/Documents")),
            (KnownFolder::Pictures, host("/home/ana/Pictures")),
        ]),
        allowed: vec![host("/srv")],
    })
}

fn windows() -> Target {
    Target::Windows(WindowsTarget {
        store: win32(r"C:\ProgramData\ctnr\containers\5a"),
        layers: win32(r"C:\ProgramData\ctnr\layers"),
        user: "ana".to_owned(),
        folders: BTreeMap::from([(KnownFolder::Documents, win32(r"D:\ana\Documents"))]),
        allowed: Vec::new(),
    })
}

fn planned(manifest: &Manifest, target: &Target) -> Result<MountPlan, PlanError> {
    let layers = resolve_layers(manifest, |source| match source {
        LayerSource::Id(id) => Some(id.clone()),
        LayerSource::Digest(_) => LayerId::parse(&"4".repeat(64)).ok(),
        LayerSource::Name(_) => LayerId::parse(&"5".repeat(64)).ok(),
    })?;
    let runtime = Digest::parse(&format!("sha256:{}", "1".repeat(64))).expect("a digest");
    plan(
        &PlanInput {
            manifest,
            runtime: &runtime,
            layers: &layers,
        },
        target,
    )
}

fn manifest(text: &str) -> Manifest {
    Manifest::parse(text).expect("a manifest")
}

/// `text`, overridden by `over`.
fn overridden(text: &str, over: &str) -> Manifest {
    let over = Override::parse(&format!("schema = 1\n{over}")).expect("an override");
    manifest(text).with(&over).expect("they go together")
}

fn json(plan: &MountPlan) -> String {
    serde_json::to_string_pretty(plan).expect("a plan is JSON")
}

/// For Windows, whose hosts do not let containers into folders of Linux.
fn full_for_windows() -> Manifest {
    overridden(FULL, "[[host]]\npath = 'D:\\Shared'\nremove = true")
}

#[test]
fn plans_are_as_they_were() {
    for (name, manifest, target) in [
        ("7-zip.linux", manifest(SEVEN_ZIP), linux()),
        ("7-zip.windows", manifest(SEVEN_ZIP), windows()),
        ("notepad.linux", manifest(NOTEPAD), linux()),
        ("notepad.windows", manifest(NOTEPAD), windows()),
        ("full.linux", manifest(FULL), linux()),
        ("full.windows", full_for_windows(), windows()),
    ] {
        let plan = planned(&manifest, &target).unwrap_or_else(|error| panic!("{name}: {error}"));
        insta::assert_snapshot!(name, json(&plan));
        assert_eq!(
            json(&planned(&manifest, &target).expect("as before")),
            json(&plan)
        );
        let read: MountPlan = serde_json::from_str(&json(&plan)).expect("a plan is read back");
        assert_eq!(read, plan, "{name}");
    }
}

/// The mounts of a plan as `source target access`.
fn mounts(text: &str, over: &str) -> Result<Vec<String>, String> {
    let plan = planned(&overridden(text, over), &linux()).map_err(|error| error.to_string())?;
    let TargetPlan::Linux(linux) = plan.target else {
        panic!("a plan for Linux");
    };
    let show = |mount: &ctnr_model::HostMount| {
        format!("{} {} {:?}", mount.source, mount.target, mount.access)
    };
    Ok(linux.mounts.iter().map(show).collect())
}

#[test]
fn folders_of_the_host_become_mounts() {
    let documents = "/opt/wine/prefix/drive_c/users/ctnr/Documents";
    let put = |source: &str, path: &str, access: &str| {
        format!("[[host]]\nsource = '{source}'\npath = '{path}'\naccess = '{access}'\n")
    };
    let rule =
        |path: &str, mode: &str| format!("[[isolation.path]]\npath = '{path}'\nmode = '{mode}'\n");
    for (over, expected) in [
        (String::new(), vec![]),
        (
            rule("%Documents%", "merged"),
            vec![format!("/home/ana/Documents {documents} ReadWrite")],
        ),
        (rule(r"C:\Users\Public\..\..\data", "merged"), vec![]),
        (
            put("/srv/data", r"%documents%\work", "read-only"),
            vec![format!("/srv/data {documents}/work ReadOnly")],
        ),
        (
            put("/srv", r"E:\", "write-copy"),
            vec!["/srv /opt/wine/prefix/drive_e CopyOnWrite".to_owned()],
        ),
        // A nearer rule changes what may be done; one that changes nothing is no mount.
        (
            rule("%Documents%", "merged")
                + &rule(r"%Documents%\Old", "write-copy")
                + &rule(r"%Documents%\New", "merged"),
            vec![
                format!("/home/ana/Documents {documents} ReadWrite"),
                format!("/home/ana/Documents/Old {documents}/Old CopyOnWrite"),
            ],
        ),
        // The same folder of the host, named by its place below a folder that is let in.
        (
            put("/srv/data", r"D:\Data", "merged") + &rule(r"D:\Data\Old", "write-copy"),
            vec![
                "/srv/data /opt/wine/prefix/drive_d/Data ReadWrite".to_owned(),
                "/srv/data/Old /opt/wine/prefix/drive_d/Data/Old CopyOnWrite".to_owned(),
            ],
        ),
    ] {
        assert_eq!(mounts(SEVEN_ZIP, &over), Ok(expected), "{over}");
    }
}

#[test]
fn what_a_linux_host_may_not_or_can_not_give_is_refused() {
    let put = |source: &str, path: &str| {
        format!("[[host]]\nsource = '{source}'\npath = '{path}'\naccess = 'merged'\n")
    };
    let full = |path: &str| format!("[[isolation.path]]\npath = '{path}'\nmode = 'full'\n");
    for (over, said) in [
        (
            put("/etc", r"D:\etc"),
            "host[0].source: containers are not let into /etc",
        ),
        (put("/srvx", r"D:\x"), "containers are not let into /srvx"),
        (
            put("%Music%", "%Music%"),
            "containers are not let into %Music%",
        ),
        (
            put(r"D:\data", r"D:\data"),
            "is a folder of Windows and this host runs Linux",
        ),
        (put("/srv", r"C:\"), r"would hide the runtime's C:\windows"),
        (
            put("/srv", r"%Windows%\Fonts"),
            r"would hide the runtime's C:\windows",
        ),
        (
            put("%Documents%", "%Documents%") + &full(r"%Documents%\Private"),
            "it is the container's own below",
        ),
        (
            put("%Documents%", "%Documents%") + &put("/srv", r"%Documents%\srv"),
            "it is another folder of the host below",
        ),
    ] {
        let error = mounts(SEVEN_ZIP, &over).expect_err(&over);
        assert!(error.contains(said), "{over}\n{error}");
    }
}

#[test]
fn folders_of_a_windows_host_have_to_be_allowed() {
    let over = "[[host]]\nsource = 'D:\\data'\npath = 'D:\\data'\naccess = 'merged'\n";
    let manifest = overridden(SEVEN_ZIP, over);
    let error = planned(&manifest, &windows()).expect_err("it is not allowed");
    assert!(matches!(error, PlanError::NotAllowed { .. }), "{error}");
    let Target::Windows(mut target) = windows() else {
        panic!("a Windows target");
    };
    target.allowed.push(win32(r"d:\"));
    assert!(planned(&manifest, &Target::Windows(target)).is_ok());
}

#[test]
fn all_layers_that_are_missing_are_named() {
    let error = resolve_layers(&manifest(FULL), |_| None).expect_err("there are none");
    let text = error.to_string();
    assert!(
        text.contains("layer fonts (core-fonts)") && text.contains("layer vcredist"),
        "{text}"
    );
}

#[test]
fn a_user_that_is_no_folder_is_refused() {
    let Target::Linux(mut target) = linux() else {
        panic!("a Linux target");
    };
    target.user = r"..\..\windows\x:".to_owned();
    let error = planned(&manifest(SEVEN_ZIP), &Target::Linux(target)).expect_err("no folder");
    assert!(matches!(error, PlanError::Path { .. }), "{error}");
}
