//! The daemon's failures as the engine's errors.

use bollard::errors::Error;
use ctnr_engine::EngineError;

use crate::socket::REMEDY;

/// A failure of bollard's, while `doing` something.
pub(crate) fn failed(doing: &str, error: Error) -> EngineError {
    match error {
        Error::DockerResponseServerError {
            status_code,
            message,
        } => refused(doing, status_code, &message),
        Error::DockerStreamError { error } => refused(doing, 500, &error),
        Error::RequestTimeoutError => timed_out(doing),
        Error::HyperLegacyError { err } => unreachable(doing, err),
        Error::HyperResponseError { err } => unreachable(doing, err),
        Error::IOError { err } => unreachable(doing, err),
        Error::SocketNotFoundError(path) => unreachable(doing, format!("{path}: no such socket")),
        error => EngineError::internal(doing, error),
    }
}

/// The daemon can't be reached.
pub(crate) fn unreachable(doing: &str, cause: impl std::fmt::Display) -> EngineError {
    EngineError::Unavailable(format!(
        "{doing}: the Docker or Podman daemon does not answer ({cause}); {REMEDY}"
    ))
}

/// The daemon took too long.
pub(crate) fn timed_out(doing: &str) -> EngineError {
    EngineError::Timeout(format!(
        "{doing}: the Docker or Podman daemon took too long; look at its log, then try again"
    ))
}

/// The daemon answered with an error.
pub(crate) fn refused(doing: &str, status: u16, message: &str) -> EngineError {
    let lower = message.to_ascii_lowercase();
    match status {
        404 if lower.contains("no such container") || lower.contains("no container with") => {
            EngineError::SandboxNotFound
        }
        409 if lower.contains("is not running") => EngineError::NotRunning,
        _ if lower.contains("exec sessions on running containers") => EngineError::NotRunning,
        // Podman's answer to a name that is taken has the status of a failure of its own.
        500 if lower.contains("is already in use by") => {
            EngineError::Conflict(format!("{doing}: {message}"))
        }
        409 => EngineError::Conflict(format!("{doing}: {message}")),
        400 => EngineError::BadRequest(format!("{doing}: {message}")),
        401 | 403 => EngineError::Forbidden(format!("{doing}: {message}")),
        _ => EngineError::internal(doing, message),
    }
}

/// Why a program was not executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotExecuted {
    /// It does not exist.
    Missing,
    /// It can't be run.
    Refused(String),
    /// The user or group does not exist in the image, or the working directory can't be entered.
    BadRequest(String),
}

impl NotExecuted {
    /// Reads what runc, crun and the daemon say. Only texts that come from them are looked at:
    /// none that a program put out.
    pub(crate) fn parse(message: &str) -> Option<Self> {
        let message = message.trim().trim_end_matches(": unknown");
        let lower = message.to_ascii_lowercase();
        let last = || message.rsplit(": ").next().unwrap_or(message).to_owned();
        if lower.contains("unable to find user") || lower.contains("unable to find group") {
            return Some(Self::BadRequest(format!(
                "{message}; name one that is in the image, or give a number"
            )));
        }
        if lower.contains("chdir to cwd") || lower.contains("cwd:") {
            return Some(Self::BadRequest(format!(
                "the working directory can't be entered: {}",
                last()
            )));
        }
        let about_program = lower.contains("exec: ")
            || lower.contains("executable file")
            || lower.contains("open executable");
        if !about_program {
            return None;
        }
        if lower.contains("not found in $path") || lower.contains("no such file or directory") {
            return Some(Self::Missing);
        }
        Some(Self::Refused(last()))
    }

    /// The error, for the program as it was asked for.
    pub(crate) fn into_error(self, program: &str) -> EngineError {
        let program = program.to_owned();
        match self {
            Self::Missing => EngineError::CommandNotFound { program },
            Self::Refused(reason) => EngineError::CommandNotExecutable { program, reason },
            Self::BadRequest(text) => EngineError::BadRequest(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_runtimes_say() {
        let runc = "OCI runtime exec failed: exec failed: unable to start container process: ";
        for (message, expected) in [
            (
                format!("{runc}exec: \"nope\": executable file not found in $PATH: unknown\r\n"),
                Some(NotExecuted::Missing),
            ),
            (
                format!("{runc}exec: \"/nope\": stat /nope: no such file or directory: unknown"),
                Some(NotExecuted::Missing),
            ),
            (
                format!("{runc}exec: \"/etc\": permission denied: unknown"),
                Some(NotExecuted::Refused("permission denied".into())),
            ),
            (
                "crun: executable file `nope` not found in $PATH: No such file or directory".into(),
                Some(NotExecuted::Missing),
            ),
            (
                format!(
                    "{runc}chdir to cwd (\"/x\") set in config.json failed: no such file or directory: unknown"
                ),
                Some(NotExecuted::BadRequest(
                    "the working directory can't be entered: no such file or directory".into(),
                )),
            ),
            (
                "Bind for 127.0.0.1:80 failed: port is already allocated".into(),
                None,
            ),
        ] {
            assert_eq!(NotExecuted::parse(&message), expected, "{message}");
        }
    }

    #[test]
    fn status_codes_become_kinds() {
        let kind = |status, message| refused("starting", status, message);
        assert!(matches!(
            kind(404, "No such container: a"),
            EngineError::SandboxNotFound
        ));
        assert!(matches!(
            kind(409, "Container a is not running"),
            EngineError::NotRunning
        ));
        assert!(matches!(kind(409, "in use"), EngineError::Conflict(_)));
        let taken = "creating container storage: the container name \"a\" is already in use by b";
        assert!(matches!(kind(500, taken), EngineError::Conflict(_)));
        assert!(matches!(kind(500, "x"), EngineError::Internal { .. }));
    }
}
