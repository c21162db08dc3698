//! Who calls.

use std::fmt;
use std::sync::Arc;

use ctnr_model::Scope;

use super::Key;

/// A caller who was let in.
#[derive(Debug, Clone)]
pub enum Principal {
    /// A program on this host, of a server without a root key.
    Local,
    /// The holder of the root key.
    Root,
    /// The holder of a key that was made at run time.
    Key(Arc<Key>),
}

impl Principal {
    /// Whether they may do what the scope stands for.
    pub fn may(&self, scope: Scope) -> bool {
        match self {
            Self::Local | Self::Root => true,
            Self::Key(key) => key.row().scopes.allow(scope),
        }
    }

    /// The key that they have proven to hold, where it was made at run time.
    pub fn key(&self) -> Option<&Arc<Key>> {
        match self {
            Self::Key(key) => Some(key),
            Self::Local | Self::Root => None,
        }
    }

    /// Whether they sent a key, which a page in a browser does not do by itself.
    pub fn is_proven(&self) -> bool {
        !matches!(self, Self::Local)
    }
}

/// As logs and `created_by` show it.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Root => f.write_str("root"),
            Self::Key(key) => write!(f, "key {} ({})", key.row().name, key.row().id),
        }
    }
}
