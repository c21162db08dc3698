//! What every verb has at hand.

use ctnr_client::{Address, Client};

use crate::arguments::Global;
use crate::error::Result;
use crate::output::Output;
use crate::settings;

/// The backend, and where answers go.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) output: Output,
}

impl Context {
    pub(crate) fn new(global: &Global) -> Result<Self> {
        let address = match &global.host {
            Some(address) => address.clone(),
            None => Address::parse(
                settings::value(settings::URL)
                    .as_deref()
                    .unwrap_or(Address::DEFAULT),
            )?,
        };
        let key = settings::value(settings::API_KEY);
        Ok(Self {
            client: Client::new(address, key.as_deref())?,
            output: Output::new(global.json),
        })
    }
}
