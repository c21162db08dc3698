//! Who calls, and what they may do.
//!
//! ```text
//!  peer, key as sent ─▶ identify ─▶ Principal ─▶ may(scope)? ─▶ the work, until it ends
//!                          │            (of this host, the root key, a key with scopes)
//!                       Keyring: all keys in memory, read again when the database has others
//! ```
//!
//! Nothing here knows HTTP: whatever carries a request, the decision is made here, once, by the
//! process that the caller reached.
#![warn(missing_docs)]

mod key;
mod keyring;
mod principal;
mod root;
mod secret;

use ctnr_model::KeyName;
use jiff::Timestamp;

pub use key::Key;
pub use keyring::Keyring;
pub use principal::Principal;
pub use root::ApiKey;
pub use secret::{Secret, SecretHash};

use secret::Sent;

/// How a caller proves who they are.
#[derive(Clone)]
pub enum Proof {
    /// Not at all.
    None,
    /// By a key, as it was sent.
    Key(Vec<u8>),
    /// By something that is no key: it can't be read, or there are several.
    Unreadable,
}

/// Why a caller is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// They sent no key, and are not on this host or the server has a root key.
    Missing,
    /// What they sent is no key that is good here.
    Wrong,
    /// The key is right, and its time is over.
    Expired {
        /// Its name.
        name: KeyName,
        /// Since when.
        at: Timestamp,
    },
}

/// Finds out who calls. A key that is sent decides, wherever it comes from; without one, those on
/// this host (`is_local`) are who they are unless there is a root key.
///
/// # Errors
/// [`Refusal`] for a caller who is not served.
pub async fn identify(
    root: Option<&ApiKey>,
    keyring: &Keyring,
    is_local: bool,
    proof: Proof,
) -> Result<Principal, Refusal> {
    let sent = match proof {
        Proof::None if root.is_none() && is_local => return Ok(Principal::Local),
        Proof::None => return Err(Refusal::Missing),
        Proof::Unreadable => return Err(Refusal::Wrong),
        Proof::Key(sent) => sent,
    };
    if root.is_some_and(|root| root.is(&sent)) {
        return Ok(Principal::Root);
    }
    let sent = Sent::parse(&sent).ok_or(Refusal::Wrong)?;
    let key = keyring.find_or_look(&sent.id).await.ok_or(Refusal::Wrong)?;
    if !sent.is(&key.row().hash) {
        return Err(Refusal::Wrong);
    }
    match key.row().expires_at {
        Some(at) if at <= Timestamp::now() => Err(Refusal::Expired {
            name: key.row().name.clone(),
            at,
        }),
        _ => Ok(Principal::Key(key)),
    }
}
