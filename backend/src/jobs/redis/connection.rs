//! Connections that come back by themselves.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};

use super::AWAY;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an answer may take; longer than any command here waits inside of Redis.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Where Redis is. A clone is cheap.
#[derive(Clone)]
pub struct RedisAddress(Client);

/// The address of Redis is not one.
#[derive(Debug, thiserror::Error)]
#[error("expected redis://[user:password@]host[:port][/number] or rediss://…: {0}")]
pub struct RedisAddressError(String);

impl RedisAddress {
    /// Reads an address. Nothing is connected.
    ///
    /// # Errors
    /// [`RedisAddressError`] for what is none.
    pub fn parse(url: &str) -> Result<Self, RedisAddressError> {
        Client::open(url)
            .map(Self)
            .map_err(|error| RedisAddressError(error.to_string()))
    }

    /// Connects, as often as it takes. Says once that the server is away.
    pub(super) async fn connect(&self) -> MultiplexedConnection {
        let mut told = false;
        loop {
            match self.try_connect().await {
                Ok(connection) => {
                    if told {
                        tracing::info!("Redis is there again");
                    }
                    return connection;
                }
                Err(error) => {
                    if !told {
                        tracing::warn!(%error, "Redis does not answer; jobs are found by polling until it does");
                    }
                    told = true;
                    tokio::time::sleep(AWAY).await;
                }
            }
        }
    }

    async fn try_connect(&self) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT));
        self.0
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }

    pub(super) fn client(&self) -> &Client {
        &self.0
    }
}

impl std::fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RedisAddress({})", self.0.get_connection_info().addr())
    }
}
