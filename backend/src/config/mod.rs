//! The settings of the backend, read in this one place.
#![warn(missing_docs)]

mod subnet;
pub mod variables;

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;

use ctnr_model::{EngineKind, HostPath};

pub use subnet::Subnet;
use variables::Variable;

/// The settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database, where the user named one.
    pub database_url: Option<Secret>,
    /// Redis, where there is one.
    pub redis_url: Option<Secret>,
    /// Where workers and other backends reach this one, where the user said.
    pub internal_url: Option<String>,
    /// How many jobs one worker has under way.
    pub worker_jobs: NonZeroU32,
    /// Where the API listens.
    pub http_addr: SocketAddr,
    /// Where gRPC listens.
    pub grpc_addr: GrpcAddr,
    /// The key that requests have to carry; without one, only loopback peers are served.
    pub api_key: Option<Secret>,
    /// Where everything is kept; the host runtime's default where it is missing. Absolute.
    pub data_dir: Option<PathBuf>,
    /// The engine for requests that name none, where the user chose one.
    pub engine: Option<EngineKind>,
    /// The addresses of native sandboxes, where the user chose them.
    pub subnet: Option<Subnet>,
    /// Requests a second and client; `None` for no limit.
    pub rate_limit: Option<NonZeroU32>,
    /// Origins whose pages may call the API.
    pub allowed_origins: Vec<String>,
    /// The domain below which every published port has an origin of its own.
    pub proxy_domain: Option<String>,
    /// The folders of the host below which containers may be given some.
    pub host_folders: Vec<HostPath>,
    /// What is logged, as `tracing_subscriber::EnvFilter` reads it.
    pub log: String,
    /// The form of the log.
    pub log_format: LogFormat,
}

/// Where gRPC listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrpcAddr {
    /// Nothing is set: at the usual place if that is free, so that several backends can be started
    /// on one machine.
    Default,
    /// There, or the backend does not start.
    At(SocketAddr),
    /// Nowhere.
    Off,
}

impl GrpcAddr {
    /// The usual place.
    pub const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 50051);
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: an object a line.
    Json,
}

/// A text that is not shown in logs and messages.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A variable is not set to something that it can be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is not valid: {expected}")]
pub struct ConfigError {
    name: &'static str,
    expected: String,
}

impl Config {
    /// Reads the variables through `lookup`. An empty one is as good as an unset one.
    ///
    /// # Errors
    /// [`ConfigError`] names the first variable that is not valid, and what would be.
    pub fn read(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        let raw = |variable: Variable| lookup(variable.name).filter(|value| !value.is_empty());
        let text = |variable: Variable| -> Result<Option<String>, ConfigError> {
            raw(variable)
                .map(|value| {
                    value
                        .into_string()
                        .map_err(|_| invalid(variable, "expected UTF-8"))
                })
                .transpose()
        };
        Ok(Self {
            database_url: text(variables::DATABASE_URL)?.map(Secret),
            redis_url: text(variables::REDIS_URL)?.map(redis_url).transpose()?,
            internal_url: text(variables::INTERNAL_URL)?
                .map(internal_url)
                .transpose()?,
            worker_jobs: parsed(
                variables::WORKER_JOBS,
                text(variables::WORKER_JOBS)?,
                "4",
                "expected a number of jobs, 1 or more",
            )?,
            http_addr: parsed(
                variables::HTTP_ADDR,
                text(variables::HTTP_ADDR)?,
                "0.0.0.0:8080",
                "expected ADDRESS:PORT, as in 127.0.0.1:8080 or [::1]:8080",
            )?,
            grpc_addr: match text(variables::GRPC_ADDR)?.as_deref() {
                None => GrpcAddr::Default,
                Some("off") => GrpcAddr::Off,
                Some(address) => GrpcAddr::At(address.parse().map_err(|_| {
                    invalid(
                        variables::GRPC_ADDR,
                        "expected ADDRESS:PORT, as in 127.0.0.1:50051, or off",
                    )
                })?),
            },
            api_key: text(variables::API_KEY)?.map(api_key).transpose()?,
            data_dir: raw(variables::DATA_DIR)
                .map(|path| {
                    std::path::absolute(path).map_err(|error| invalid(variables::DATA_DIR, error))
                })
                .transpose()?,
            engine: text(variables::ENGINE)?
                .map(|text| {
                    text.parse()
                        .map_err(|error| invalid(variables::ENGINE, error))
                })
                .transpose()?,
            subnet: text(variables::SUBNET)?
                .map(|text| {
                    text.parse()
                        .map_err(|error| invalid(variables::SUBNET, error))
                })
                .transpose()?,
            rate_limit: NonZeroU32::new(parsed(
                variables::RATE_LIMIT,
                text(variables::RATE_LIMIT)?,
                "2000",
                "expected requests a second as a number, or 0 for no limit",
            )?),
            allowed_origins: text(variables::ALLOWED_ORIGINS)?
                .iter()
                .flat_map(|text| text.split(','))
                .map(|origin| origin.trim().to_owned())
                .filter(|origin| !origin.is_empty())
                .collect(),
            proxy_domain: text(variables::PROXY_DOMAIN)?,
            host_folders: text(variables::HOST_FOLDERS)?
                .iter()
                .flat_map(|text| text.split(':'))
                .filter(|folder| !folder.is_empty())
                .map(|folder| {
                    folder
                        .parse()
                        .map_err(|error| invalid(variables::HOST_FOLDERS, error))
                })
                .collect::<Result<_, _>>()?,
            log: text(variables::LOG)?.unwrap_or_else(|| "info".to_owned()),
            log_format: match text(variables::LOG_FORMAT)?.as_deref() {
                None | Some("text") => LogFormat::Text,
                Some("json") => LogFormat::Json,
                Some(_) => return Err(invalid(variables::LOG_FORMAT, "expected text or json")),
            },
        })
    }
}

fn invalid(variable: Variable, expected: impl fmt::Display) -> ConfigError {
    ConfigError {
        name: variable.name,
        expected: expected.to_string(),
    }
}

fn parsed<T: std::str::FromStr>(
    variable: Variable,
    text: Option<String>,
    default: &str,
    expected: &str,
) -> Result<T, ConfigError> {
    text.as_deref()
        .unwrap_or(default)
        .parse()
        .map_err(|_| invalid(variable, expected))
}

fn redis_url(url: String) -> Result<Secret, ConfigError> {
    match crate::jobs::RedisAddress::parse(&url) {
        Ok(_) => Ok(Secret(url)),
        Err(error) => Err(invalid(variables::REDIS_URL, error)),
    }
}

fn internal_url(url: String) -> Result<String, ConfigError> {
    let bare = url.trim_end_matches('/');
    let is_good = bare.parse::<hyper::Uri>().is_ok_and(|url| {
        url.scheme_str() == Some("http") && url.host().is_some() && url.path() == "/"
    });
    if is_good {
        Ok(bare.to_owned())
    } else {
        Err(invalid(
            variables::INTERNAL_URL,
            "expected http://HOST:PORT, without a path",
        ))
    }
}

/// A key travels in a header, so it has to be made of what a header may hold.
fn api_key(key: String) -> Result<Secret, ConfigError> {
    if key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Secret(key))
    } else {
        Err(invalid(
            variables::API_KEY,
            "expected letters, digits and signs of ASCII, without spaces",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(|name| {
            set.iter()
                .find(|(set, _)| *set == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn defaults_are_those_of_the_table() {
        let config = read(&[("DATABASE_URL", ""), ("CONTAINERS_API_KEY", "")]).unwrap();
        assert_eq!(config.database_url, None);
        assert_eq!(config.api_key, None);
        assert_eq!(
            format!("`{}`", config.http_addr),
            variables::HTTP_ADDR.default
        );
        assert_eq!(
            config.rate_limit.map(|limit| format!("`{limit}`")),
            Some(variables::RATE_LIMIT.default.to_owned())
        );
        assert_eq!(format!("`{}`", config.log), variables::LOG.default);
        assert_eq!(
            format!("`{}`", config.worker_jobs),
            variables::WORKER_JOBS.default
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (name, value) in [
            ("CONTAINERS_HTTP_ADDR", "8080"),
            ("CONTAINERS_API_KEY", "two words"),
            ("CONTAINERS_ENGINE", "podman"),
            ("CONTAINERS_SUBNET", "10.0.0.0"),
            ("CONTAINERS_RATE_LIMIT", "many"),
            ("CONTAINERS_HOST_FOLDERS", "srv"),
            ("CONTAINERS_LOG_FORMAT", "xml"),
            ("REDIS_URL", "http://localhost"),
            ("CONTAINERS_INTERNAL_URL", "https://a"),
            ("CONTAINERS_INTERNAL_URL", "http://a:1/b"),
            ("CONTAINERS_WORKER_JOBS", "0"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let config = read(&[
            ("CONTAINERS_API_KEY", "swordfish"),
            ("DATABASE_URL", "postgres://u:swordfish@h/d"),
        ])
        .unwrap();
        assert!(!format!("{config:?}").contains("swordfish"));
        assert_eq!(config.api_key.unwrap().reveal(), "swordfish");
    }

    #[test]
    fn a_relative_data_directory_is_meant_from_here() {
        let config = read(&[("CONTAINERS_DATA_DIR", "some/where")]).unwrap();
        let path = config.data_dir.unwrap();
        assert!(path.is_absolute() && path.ends_with("some/where"));
    }
}
