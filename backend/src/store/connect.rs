//! Connections to the database.

use std::path::Path;
use std::str::FromStr;
use std::sync::Once;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyPool, Connection, Executor, Row};
use tokio::sync::{broadcast, watch};

use super::error::{Result, StoreError};
use super::events::Commit;
use super::migrations::migrator;
use super::reserve::Reserve;

/// How long a request waits for a connection before it is told that the database is away. A server
/// that does not answer for so long is away; a file on a busy disk is slow and there.
const POSTGRES_PATIENCE: Duration = Duration::from_secs(5);
const SQLITE_PATIENCE: Duration = Duration::from_secs(30);

/// Connections to a PostgreSQL server, and readers of a SQLite file.
const POSTGRES_CONNECTIONS: u32 = 16;
const SQLITE_READERS: u32 = 4;

/// How many commits one who listens to them may lag behind.
const COMMITS_KEPT: usize = 1_024;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

impl Dialect {
    /// The database's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// The database. A clone is cheap and means the same one.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) readers: AnyPool,
    /// On SQLite a single connection, since the file takes one writer at a time: waiting for it
    /// here is fair, waiting inside of SQLite is not.
    pub(super) writer: AnyPool,
    /// The number of the latest event that this process has written or read.
    pub(super) latest_event: watch::Sender<u64>,
    /// Counts the changes of jobs that this process makes.
    pub(super) jobs: watch::Sender<u64>,
    /// Tells what this process has committed.
    pub(super) commits: broadcast::Sender<Commit>,
    dialect: Dialect,
    database_id: String,
    location: String,
    /// Where the database is a file.
    reserve: Option<Reserve>,
}

impl Store {
    /// Connects, and brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Address`], [`StoreError::Unavailable`], [`StoreError::Full`],
    /// [`StoreError::Migration`].
    pub async fn open(url: &str) -> Result<Self> {
        let reserve = match SqliteConnectOptions::from_str(url) {
            Ok(options) if url.starts_with("sqlite:") => {
                Some(Reserve::beside(options.get_filename()))
            }
            _ => None,
        };
        match Self::connect(url, reserve.clone()).await {
            // Opening a file makes two others beside it.
            Err(StoreError::Full { .. } | StoreError::Unavailable { .. })
                if reserve.as_ref().is_some_and(Reserve::release) =>
            {
                Self::connect(url, reserve).await
            }
            opened => opened,
        }
    }

    async fn connect(url: &str, reserve: Option<Reserve>) -> Result<Self> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(install_default_drivers);
        let mut options =
            AnyConnectOptions::from_str(url).map_err(|error| StoreError::Address {
                cause: error.to_string(),
            })?;
        let dialect = match options.database_url.scheme() {
            "sqlite" => Dialect::Sqlite,
            "postgres" | "postgresql" => Dialect::Postgres,
            other => {
                return Err(StoreError::Address {
                    cause: format!("unknown scheme {other}"),
                });
            }
        };
        let address = &mut options.database_url;
        if dialect == Dialect::Sqlite {
            if address.as_str().contains(":memory:") || address.as_str().contains("mode=memory") {
                return Err(StoreError::Address {
                    cause: "a database in memory keeps nothing".to_owned(),
                });
            }
            if !address.query_pairs().any(|(key, _)| key == "mode") {
                address.query_pairs_mut().append_pair("mode", "rwc");
            }
        }
        let mut location = address.clone();
        location.set_query(None);
        // Both fail only for addresses that can have neither.
        let _ = location.set_username("");
        let _ = location.set_password(None);
        let location = location.to_string();
        let connecting = StoreError::while_doing("connecting");
        let (writer, readers) = match dialect {
            Dialect::Sqlite => (
                sqlite_pool(1, options.clone()).await.map_err(&connecting)?,
                sqlite_pool(SQLITE_READERS, options)
                    .await
                    .map_err(&connecting)?,
            ),
            Dialect::Postgres => {
                let pool = AnyPoolOptions::new()
                    .max_connections(POSTGRES_CONNECTIONS)
                    .acquire_timeout(POSTGRES_PATIENCE)
                    .connect_with(options)
                    .await
                    .map_err(&connecting)?;
                (pool.clone(), pool)
            }
        };
        migrate(dialect, &writer).await?;
        let database_id = database_id(&writer).await?;
        let store = Self {
            readers,
            writer,
            latest_event: watch::Sender::new(0),
            jobs: watch::Sender::new(0),
            commits: broadcast::Sender::new(COMMITS_KEPT),
            dialect,
            database_id,
            location,
            reserve,
        };
        let latest = store.read_latest_event().await?;
        store.latest_event.send_replace(latest);
        Ok(store)
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The id of this database, drawn when its schema was made.
    pub fn database_id(&self) -> &str {
        &self.database_id
    }

    /// Where the database is, without user and password.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Asks the database for an answer, and returns its name.
    pub async fn ping(&self) -> Result<&'static str> {
        sqlx::query("SELECT 1")
            .execute(&self.readers)
            .await
            .map_err(StoreError::while_doing("asking whether it is there"))?;
        Ok(self.dialect.as_str())
    }

    /// Takes the room that is kept for removals, where there is any to take.
    pub async fn keep_reserve(&self) {
        if let Some(reserve) = self.reserve.clone() {
            // Should it panic, there is no room kept, which a full disk has too.
            let _ = tokio::task::spawn_blocking(move || reserve.fill()).await;
        }
    }

    /// Does a removal; where the disk is full, once more in the room that was kept for it.
    pub(super) async fn in_reserve<T, F>(&self, removal: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        match removal().await {
            Err(StoreError::Full { .. }) if self.reserve.as_ref().is_some_and(Reserve::release) => {
                tracing::warn!("the database's disk is full: a removal takes the room kept for it");
                removal().await
            }
            done => done,
        }
    }

    /// Ends the connections, when their work is done.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// The address of a SQLite file, which is made where it is missing.
pub fn sqlite_url(path: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt;
    let mut url = String::from("sqlite://");
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~".contains(byte) {
            url.push(char::from(*byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url.push_str("?mode=rwc");
    url
}

/// SQLite in WAL mode: readers don't wait for the writer.
///
/// `synchronous = NORMAL` makes a commit survive the end of the process at any moment, which is
/// what an acknowledgement promises; a power failure may take the last commits, and with them come
/// back to the state before, never to a torn one. FULL would wait for the disk in every commit.
async fn sqlite_pool(size: u32, options: AnyConnectOptions) -> sqlx::Result<AnyPool> {
    AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(SQLITE_PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection
                    .execute(
                        "PRAGMA busy_timeout = 30000;
                         PRAGMA journal_mode = WAL;
                         PRAGMA synchronous = NORMAL;
                         PRAGMA foreign_keys = ON;",
                    )
                    .await?;
                Ok(())
            })
        })
        .after_release(|connection, _| {
            Box::pin(async move {
                // SQLite ends a transaction by itself where the disk is full, SQLx does not know
                // of it, and no other one can be begun on that connection.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
        .connect_with(options)
        .await
}

/// Brings the schema up to date. Processes that open a database at once do it one after the other:
/// on PostgreSQL by the migrator's own lock, on SQLite, where it has none, by a transaction around
/// all of it.
async fn migrate(dialect: Dialect, writer: &AnyPool) -> Result<()> {
    const DOING: &str = "bringing the schema up to date";
    match dialect {
        Dialect::Postgres => migrator().run(writer).await?,
        Dialect::Sqlite => {
            let mut transaction = writer
                .begin_with("BEGIN IMMEDIATE")
                .await
                .map_err(StoreError::while_doing(DOING))?;
            migrator().run(&mut *transaction).await?;
            transaction
                .commit()
                .await
                .map_err(StoreError::while_doing(DOING))?;
        }
    }
    Ok(())
}

async fn database_id(writer: &AnyPool) -> Result<String> {
    let failed = StoreError::while_doing("reading its id");
    sqlx::query(
        "INSERT INTO facts (key, value) VALUES ('database id', $1) ON CONFLICT (key) DO NOTHING",
    )
    .bind(format!("{:032x}", rand::random::<u128>()))
    .execute(writer)
    .await
    .map_err(&failed)?;
    let row = sqlx::query("SELECT value FROM facts WHERE key = 'database id'")
        .fetch_one(writer)
        .await
        .map_err(&failed)?;
    row.try_get(0).map_err(failed)
}
