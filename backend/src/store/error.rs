//! What can go wrong in the database.

use ctnr_model::{ContainerId, ContainerName, JobId, KeyName, LayerId, SandboxId, SandboxName};
use sqlx::migrate::MigrateError;

/// The result of a database operation.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another sandbox has the name.
    #[error(
        "the name {name} is already in use by sandbox {}; delete that one, or choose another name",
        .holder.short()
    )]
    NameTaken {
        /// The name.
        name: SandboxName,
        /// The sandbox that has it.
        holder: SandboxId,
    },
    /// Another has taken the job over, or it is over: what its earlier holder writes counts no more.
    #[error("job {} has been taken over by another, or is over", .job.short())]
    LeaseLost {
        /// The job.
        job: JobId,
    },
    /// Another container has the name.
    #[error(
        "the name {name} is already in use by container {}; delete that one, or choose another name",
        .holder.short()
    )]
    ContainerNameTaken {
        /// The name.
        name: ContainerName,
        /// The container that has it.
        holder: ContainerId,
    },
    /// A container changed between the look at it and its change.
    #[error("container {container} was changed by somebody else at the same moment; try again")]
    ContainerChanged {
        /// The container's name.
        container: ContainerName,
    },
    /// Another API key has the name.
    #[error("there is an API key {name} already; revoke that one, or choose another name")]
    KeyNameTaken {
        /// The name.
        name: KeyName,
    },
    /// There are as many API keys as there may be.
    #[error("there are {most} API keys, which is the most; revoke some that are not needed")]
    TooManyKeys {
        /// How many there may be.
        most: u32,
    },
    /// A layer is not there, or is just being removed.
    #[error("layer {} is not there; upload it (again), and name the id of the answer", .layer.short())]
    LayerMissing {
        /// The layer.
        layer: LayerId,
    },
    /// A request's key stands for another request.
    #[error(
        "this Idempotency-Key was used for another request; use a new one for each request that is not a repetition"
    )]
    KeyReused,
    /// A cursor is not one that a list gave.
    #[error("invalid cursor: pass the one that the page before gave, unchanged")]
    BadCursor,
    /// The database's address is not one.
    #[error(
        "the database's address is not valid ({cause}); expected postgres://user:password@host:port/name or sqlite:///path"
    )]
    Address {
        /// The cause.
        cause: String,
    },
    /// The data directory was used with a database that is not found without its name.
    #[error(
        "this data directory was last used with the database {location}, which {cause}; start that one, set DATABASE_URL to it, or set DATABASE_URL to another one to change over (sandboxes are not carried over)"
    )]
    Elsewhere {
        /// Where that database was, without its password.
        location: String,
        /// Why it is not used.
        cause: String,
    },
    /// Which database was chosen can't be recorded.
    #[error("can't write {}: {cause}; make the data directory writable", .file.display())]
    Record {
        /// The file.
        file: std::path::PathBuf,
        /// The cause.
        cause: String,
    },
    /// The database does not answer. Whether the last change was made is not known.
    #[error("the database does not answer while {doing} ({cause}); try again shortly")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        cause: String,
    },
    /// There is no room on the database's disk.
    #[error(
        "the database's disk is full, so there was no {doing}; free some space, or delete sandboxes"
    )]
    Full {
        /// What was being done.
        doing: &'static str,
    },
    /// The schema can't be brought to this program's version.
    #[error("can't bring the database to this version's schema: {cause}")]
    Migration {
        /// The cause.
        cause: String,
    },
    /// A stored value can't be read.
    #[error("the database holds what can't be read: {what}: {cause}")]
    Damaged {
        /// Which value.
        what: String,
        /// The cause.
        cause: String,
    },
    /// The database refused a statement.
    #[error("the database failed while {doing}: {cause}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        cause: String,
    },
}

impl StoreError {
    /// Names what was being done when SQLx failed.
    pub(super) fn while_doing(doing: &'static str) -> impl Fn(sqlx::Error) -> Self {
        move |error| {
            let cause = error.to_string();
            if is_full(&error) {
                Self::Full { doing }
            } else if is_outage(&error) {
                Self::Unavailable { doing, cause }
            } else {
                Self::Database { doing, cause }
            }
        }
    }

    /// A value of a row can't be read.
    pub(super) fn damaged(what: impl Into<String>, cause: impl std::fmt::Display) -> Self {
        Self::Damaged {
            what: what.into(),
            cause: cause.to_string(),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) if is_full(&error) => Self::Full {
                doing: "bringing the schema up to date",
            },
            MigrateError::Execute(error) if is_outage(&error) => Self::Unavailable {
                doing: "bringing the schema up to date",
                cause: error.to_string(),
            },
            MigrateError::VersionMissing(version) => Self::Migration {
                cause: format!(
                    "it has version {version}, which a later release made; run that release, or use another database"
                ),
            },
            other => Self::Migration {
                cause: other.to_string(),
            },
        }
    }
}

/// Whether an error says that SQLite found no room: FULL, or IOERR_SHMSIZE for the file that its
/// connections share.
fn is_full(error: &sqlx::Error) -> bool {
    let code = |error: &dyn sqlx::error::DatabaseError| error.code().map(|code| code.into_owned());
    match error {
        sqlx::Error::Database(error) => {
            matches!(code(&**error).as_deref(), Some("13" | "4874"))
        }
        _ => false,
    }
}

/// Whether an error says that the database is not there, rather than that it refused.
fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // PostgreSQL's classes: connection, insufficient resources, operator intervention, and
            // a transaction rolled back for another's sake. A read-only server is a failed-over one.
            let postgres = code.len() == 5
                && (["08", "53", "57", "40"].contains(&&code[..2]) || code == "25006");
            // SQLite's primary codes (the low byte): BUSY, LOCKED, IOERR, CANTOPEN.
            let sqlite = code.len() < 5
                && code
                    .parse::<u32>()
                    .is_ok_and(|code| [5, 6, 10, 14].contains(&(code & 0xff)));
            postgres || sqlite
        }),
        _ => false,
    }
}
