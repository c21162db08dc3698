//! What the front is told by the settings.

use std::net::IpAddr;
use std::num::NonZeroU32;

use ctnr_model::Invalid;

use super::access::{ApiKey, WebOrigin};
use crate::config::Config;

/// The settings of the REST API.
#[derive(Debug, Clone)]
pub struct Options {
    /// The key that callers have to send; without one only loopback peers are served.
    pub api_key: Option<ApiKey>,
    /// The address that the server listens on, which callers may name as their `Host`; `None` for
    /// an unspecified one.
    pub bind: Option<IpAddr>,
    /// Pages of these origins may call the API from a browser, beside those of its own.
    pub allowed_origins: Vec<WebOrigin>,
    /// Requests a second and peer, which is the size of a burst too; 0 for no limit.
    pub rate_limit: u32,
    /// The domain below which every published port has an origin of its own, beside `localhost`:
    /// `3000--my-nextjs.DOMAIN`.
    pub proxy_domain: Option<String>,
}

impl Options {
    /// What the settings say.
    ///
    /// # Errors
    /// [`Invalid`] for a key that can't stand in a header.
    pub fn from_config(config: &Config) -> Result<Self, Invalid> {
        let key = config.api_key.as_ref().map(|key| ApiKey::new(key.reveal()));
        Ok(Self {
            api_key: key.transpose()?,
            bind: Some(config.http_addr.ip()).filter(|address| !address.is_unspecified()),
            allowed_origins: config
                .allowed_origins
                .iter()
                .map(|origin| WebOrigin::parse(origin))
                .collect::<Result<_, _>>()?,
            rate_limit: config.rate_limit.map_or(0, NonZeroU32::get),
            proxy_domain: config.proxy_domain.clone(),
        })
    }

    /// The requests a second and peer that are served where nothing else is set.
    pub const DEFAULT_RATE_LIMIT: u32 = 2_000;
}

impl Default for Options {
    fn default() -> Self {
        Self {
            api_key: None,
            bind: None,
            allowed_origins: Vec::new(),
            rate_limit: Self::DEFAULT_RATE_LIMIT,
            proxy_domain: None,
        }
    }
}
