//! Which database a data directory is used with.
//!
//! A database that the user names is used, and never another. Where none is named, the default
//! PostgreSQL is used if one answers, else a file in the data directory; whichever it was, the
//! directory stays with it. `databases.json` in the data directory keeps what was used.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::connect::{Store, sqlite_url};
use super::error::{Result, StoreError};

/// The database of the environment that the product was specified for.
const DEFAULT_URL: &str = "postgres://containers:containers@localhost:5432/containers";
const DEFAULT_ADDRESS: &str = "localhost:5432";
const DEFAULT_LOCATION: &str = "postgres://localhost:5432/containers";

/// How long the default server has to answer; where none runs, the refusal comes at once.
const PROBE: Duration = Duration::from_millis(300);

/// The name of the embedded database, in the record and in the data directory.
const EMBEDDED: &str = "embedded";
const EMBEDDED_FILE: &str = "ctnr.db";

/// A database, and how it came to be chosen.
#[derive(Debug)]
pub struct Choice {
    /// The database.
    pub store: Store,
    /// Whether the data directory was never used with another. Only then is what the database does
    /// not know certainly a leftover.
    pub is_only_one: bool,
    /// A sentence about the choice, for the log.
    pub sentence: String,
}

/// `databases.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    version: u32,
    /// The databases that the directory was used with, the latest last.
    used: Vec<Used>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Used {
    id: String,
    location: String,
}

impl Choice {
    /// Opens the database that `named` names, or the one that the rules above give.
    ///
    /// # Errors
    /// [`StoreError::Elsewhere`] where the directory was used with a database that is not found
    /// without its name, and those of [`Store::open`].
    pub async fn make(named: Option<&str>, data_dir: &Path) -> Result<Self> {
        let file = data_dir.join("databases.json");
        let mut record = Record::load(&file)?;
        let (store, location, sentence) = match named {
            Some(url) => {
                let store = Store::open(url).await?;
                let location = store.location().to_owned();
                let sentence = format!(
                    "using the {} that DATABASE_URL names",
                    store.dialect().as_str()
                );
                (store, location, sentence)
            }
            None => unnamed(record.used.last(), data_dir).await?,
        };
        let used = Used {
            id: store.database_id().to_owned(),
            location,
        };
        if record.used.last() != Some(&used) {
            record.used.retain(|other| other.id != used.id);
            record.used.push(used);
            record.save(&file)?;
        }
        Ok(Self {
            store,
            is_only_one: record.used.len() == 1,
            sentence,
        })
    }
}

/// The database where the user names none.
async fn unnamed(last: Option<&Used>, data_dir: &Path) -> Result<(Store, String, String)> {
    let embedded = async |why: String| {
        let path = data_dir.join(EMBEDDED_FILE);
        let store = Store::open(&sqlite_url(&path)).await?;
        let sentence = format!("{why}; using SQLite in {}", path.display());
        Ok((store, EMBEDDED.to_owned(), sentence))
    };
    match last.map(|used| used.location.as_str()) {
        None => match default_server().await {
            Ok(store) => {
                let sentence =
                    format!("DATABASE_URL is not set; using PostgreSQL at {DEFAULT_LOCATION}");
                Ok((store, DEFAULT_LOCATION.to_owned(), sentence))
            }
            Err(cause) => {
                embedded(format!(
                    "DATABASE_URL is not set and {DEFAULT_LOCATION} does not answer ({cause})"
                ))
                .await
            }
        },
        Some(EMBEDDED) => {
            embedded("DATABASE_URL is not set, as before with this data directory".to_owned()).await
        }
        Some(DEFAULT_LOCATION) => match default_server().await {
            Ok(store) => {
                let sentence = format!(
                    "DATABASE_URL is not set; using PostgreSQL at {DEFAULT_LOCATION}, as before"
                );
                Ok((store, DEFAULT_LOCATION.to_owned(), sentence))
            }
            Err(cause) => Err(StoreError::Elsewhere {
                location: DEFAULT_LOCATION.to_owned(),
                cause: format!("does not answer ({cause})"),
            }),
        },
        Some(location) => Err(StoreError::Elsewhere {
            location: location.to_owned(),
            cause: "is not the default one".to_owned(),
        }),
    }
}

/// Opens the default server's database, where something answers there at all.
async fn default_server() -> std::result::Result<Store, String> {
    let probe = tokio::net::TcpStream::connect(DEFAULT_ADDRESS);
    match tokio::time::timeout(PROBE, probe).await {
        Ok(Ok(_)) => Store::open(DEFAULT_URL)
            .await
            .map_err(|error| error.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {PROBE:?}")),
    }
}

impl Record {
    const VERSION: u32 = 1;

    fn load(file: &Path) -> Result<Self> {
        let damaged =
            |cause: &dyn std::fmt::Display| StoreError::damaged(file.display().to_string(), cause);
        match std::fs::read(file) {
            Ok(bytes) => {
                let record: Self =
                    serde_json::from_slice(&bytes).map_err(|error| damaged(&error))?;
                if record.version == Self::VERSION {
                    Ok(record)
                } else {
                    Err(damaged(&format!("unknown version {}", record.version)))
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self {
                version: Self::VERSION,
                used: Vec::new(),
            }),
            Err(error) => Err(damaged(&error)),
        }
    }

    /// Writes the file as a whole or not at all.
    fn save(&self, file: &Path) -> Result<()> {
        let write = || -> std::io::Result<()> {
            use std::io::Write;
            let temporary: PathBuf = file.with_extension("new");
            let mut new = std::fs::File::create(&temporary)?;
            new.write_all(&serde_json::to_vec_pretty(self)?)?;
            new.sync_all()?;
            std::fs::rename(&temporary, file)
        };
        write().map_err(|error| StoreError::Record {
            file: file.to_owned(),
            cause: error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used_with(location: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        Record {
            version: Record::VERSION,
            used: vec![Used {
                id: "1".to_owned(),
                location: location.to_owned(),
            }],
        }
        .save(&dir.path().join("databases.json"))
        .unwrap();
        dir
    }

    #[tokio::test]
    async fn a_directory_stays_with_its_database() {
        let dir = used_with("postgres://db.example/ctnr");
        let error = Choice::make(None, dir.path()).await.unwrap_err();
        assert!(
            error.to_string().contains("postgres://db.example/ctnr"),
            "{error}"
        );
        assert!(!dir.path().join(EMBEDDED_FILE).exists());
    }

    #[tokio::test]
    async fn the_embedded_one_is_used_again_without_a_probe() {
        let dir = used_with(EMBEDDED);
        let choice = Choice::make(None, dir.path()).await.unwrap();
        assert!(choice.sentence.contains("as before"), "{}", choice.sentence);
        // The record named a database of another id, so two were used.
        assert!(!choice.is_only_one);
        assert!(dir.path().join(EMBEDDED_FILE).exists());
    }

    #[tokio::test]
    async fn a_named_database_is_never_fallen_back_from() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/missing/x.db", dir.path().display());
        assert!(Choice::make(Some(&url), dir.path()).await.is_err());
        assert!(!dir.path().join(EMBEDDED_FILE).exists());
    }

    #[tokio::test]
    async fn the_first_named_one_is_the_only_one_until_another_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let url = |name: &str| sqlite_url(&dir.path().join(name));
        for (name, only) in [
            ("a.db", true),
            ("a.db", true),
            ("b c%.db", false),
            ("a.db", false),
        ] {
            let choice = Choice::make(Some(&url(name)), dir.path()).await.unwrap();
            assert_eq!(choice.is_only_one, only, "{name}");
            choice.store.close().await;
        }
        assert!(dir.path().join("b c%.db").exists());
    }
}
