//! A sandbox's row.

use ctnr_model::{
    Digest, EngineKind, ExitStatus, PublishedPort, SandboxSpec, SandboxState, SandboxStatus,
};
use jiff::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::error::{Result, StoreError};
use super::time::from_column;

/// The version of the stored form of [`SandboxSpec`] that this program writes.
pub(super) const SPEC_VERSION: i64 = 1;

/// How far a sandbox has come in the database.
///
/// ```text
///  (none) ── intent ──▶ creating ── engine has it ──▶ present ── intent ──▶ deleting ──▶ (none)
///                          └────────── engine failed ──────────▶ (none)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its engine is asked to make it; nobody was told that it exists.
    Creating,
    /// It exists.
    Present,
    /// Its engine is asked to remove it.
    Deleting,
}

impl Phase {
    /// The word in the database.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Present => "present",
            Self::Deleting => "deleting",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Creating, Self::Present, Self::Deleting]
            .into_iter()
            .find(|phase| phase.as_str() == text)
    }
}

/// What the database knows of a sandbox.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxRow {
    /// What was asked for.
    pub spec: SandboxSpec,
    /// The installation whose host runs it.
    pub host: String,
    /// The engine that runs it.
    pub engine: EngineKind,
    /// How far it has come.
    pub phase: Phase,
    /// Its state.
    pub status: SandboxStatus,
    /// Its published ports.
    pub ports: Vec<PublishedPort>,
    /// The digest of the image's configuration.
    pub image_id: Option<Digest>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// `SELECT` of all that [`SandboxRow::read`] needs, followed by the rest of the statement.
macro_rules! select_sandboxes {
    ($rest:literal) => {
        concat!(
            "SELECT id, host, engine, phase, spec_version, spec, state, pid, started_at, \
             finished_at, exit_code, exit_signal, oom_killed, ports, image_id, created_at \
             FROM sandboxes ",
            $rest
        )
    };
}
pub(super) use select_sandboxes;

impl SandboxRow {
    /// Reads a row of [`select_sandboxes`].
    pub(super) fn read(row: &AnyRow) -> Result<Self> {
        let id: String = row.try_get("id").map_err(column("id"))?;
        let damaged = |what: &str, cause: &dyn std::fmt::Display| {
            StoreError::damaged(format!("sandbox {id}, {what}"), cause)
        };
        let text = |name: &'static str| -> Result<String> {
            row.try_get(name).map_err(|error| damaged(name, &error))
        };
        let number = |name: &'static str| -> Result<Option<i64>> {
            row.try_get(name).map_err(|error| damaged(name, &error))
        };
        let moment = |name| -> Result<_> { Ok(number(name)?.map(from_column)) };
        let narrow = |name: &'static str| -> Result<Option<i32>> {
            number(name)?
                .map(|value| i32::try_from(value).map_err(|error| damaged(name, &error)))
                .transpose()
        };

        let spec = match number("spec_version")? {
            Some(SPEC_VERSION) => {
                serde_json::from_str(&text("spec")?).map_err(|error| damaged("spec", &error))?
            }
            other => return Err(damaged("spec", &format!("unknown version {other:?}"))),
        };
        let exit = narrow("exit_code")?
            .map(|code| -> Result<ExitStatus> {
                Ok(ExitStatus {
                    code,
                    signal: narrow("exit_signal")?,
                    oom_killed: number("oom_killed")? == Some(1),
                })
            })
            .transpose()?;
        let state: SandboxState = text("state")?
            .parse()
            .map_err(|error| damaged("state", &error))?;
        let image_id: Option<String> = row
            .try_get("image_id")
            .map_err(|error| damaged("image_id", &error))?;
        let phase = text("phase")?;
        Ok(Self {
            spec,
            host: text("host")?,
            engine: text("engine")?
                .parse()
                .map_err(|error| damaged("engine", &error))?,
            phase: Phase::parse(&phase).ok_or_else(|| damaged("phase", &phase))?,
            status: SandboxStatus {
                state,
                pid: number("pid")?.and_then(|pid| u32::try_from(pid).ok()),
                started_at: moment("started_at")?,
                finished_at: moment("finished_at")?,
                exit,
            },
            ports: serde_json::from_str(&text("ports")?)
                .map_err(|error| damaged("ports", &error))?,
            image_id: image_id
                .map(|text| Digest::parse(&text))
                .transpose()
                .map_err(|error| damaged("image_id", &error))?,
            created_at: moment("created_at")?.unwrap_or(Timestamp::UNIX_EPOCH),
        })
    }
}

fn column(name: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| StoreError::damaged(format!("column {name}"), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A spec as version 1 was stored. It is never edited: where this test fails, the stored form
    /// has changed, and needs a version of its own and a way from this one to it.
    const VERSION_1: &str = concat!(
        r#"{"id":"0101010101010101010101010101010101010101010101010101010101010101","#,
        r#""name":"web","image":"docker.io/library/busybox:latest","#,
        r#""process":{"entrypoint":["sh"],"cmd":["-c","id"],"env":["A=1"],"workdir":"/app","#,
        r#""user":"node:1000"},"ports":["127.0.0.1:8081:3000/tcp"],"labels":{"team":"red"},"#,
        r#""limits":{"memory":2147483648,"cpus":1500000000,"pids":4096},"network":"open"}"#,
    );

    /// What is written of it since specs have layers and mounts, which an older one lacks.
    const LAYERS_AND_MOUNTS: &str = r#","layers":[],"mounts":[]}"#;

    #[test]
    fn a_spec_of_version_1_still_reads_and_writes() {
        let spec: SandboxSpec = serde_json::from_str(VERSION_1).unwrap();
        let written = VERSION_1.trim_end_matches('}').len();
        assert!(VERSION_1.ends_with(r#""network":"open"}"#));
        let written = format!("{}{LAYERS_AND_MOUNTS}", &VERSION_1[..written]);
        assert_eq!(serde_json::to_string(&spec).unwrap(), written);
        let again: SandboxSpec = serde_json::from_str(&written).unwrap();
        assert_eq!(again, spec);
        assert_eq!(spec.ports[0].host.port, Some(8081));
        assert_eq!(SPEC_VERSION, 1);
    }
}
