//! What an artifact asks of the host, and whether it gets that.

use ctnr_model::container::{Isolation, Manifest};
use serde::{Deserialize, Serialize};

use crate::app::{AppError, Result};

/// What becomes of an artifact that asks to be let into folders or keys of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostFolders {
    /// It is not imported.
    #[default]
    Refuse,
    /// It is let in, as far as the server's setting allows.
    Allow,
    /// It is imported without them: all of the host is hidden.
    Drop,
}

/// What a manifest asks to be let into of the host, for people.
pub(super) fn asked(manifest: &Manifest) -> Vec<String> {
    let isolation = &manifest.isolation;
    let hosts = manifest
        .hosts
        .iter()
        .map(|host| format!("{} as {} ({})", host.source, host.path, host.access));
    let paths = isolation
        .paths
        .iter()
        .filter(|rule| rule.mode != Isolation::Full)
        .map(|rule| format!("{} ({})", rule.path, rule.mode));
    let keys = isolation
        .keys
        .iter()
        .filter(|rule| rule.mode != Isolation::Full)
        .map(|rule| format!("{} ({})", rule.key, rule.mode));
    let default = (isolation.default != Isolation::Full)
        .then(|| format!("everything that no rule names ({})", isolation.default));
    hosts.chain(paths).chain(keys).chain(default).collect()
}

/// The manifest as it may be used.
///
/// # Errors
/// [`AppError::Forbidden`] where it asks for what nobody has granted.
pub(super) fn settle(mut manifest: Manifest, choice: HostFolders) -> Result<Manifest> {
    let asked = asked(&manifest);
    if asked.is_empty() || choice == HostFolders::Allow {
        return Ok(manifest);
    }
    if choice == HostFolders::Refuse {
        return Err(AppError::Forbidden(format!(
            "the artifact asks to be let into the host: {}; import it with host_folders \"allow\" (--allow-host-folders) if you trust it, or with \"drop\" (--no-host-folders) to keep the host hidden",
            asked.join(", ")
        )));
    }
    manifest.hosts.clear();
    let isolation = &mut manifest.isolation;
    isolation.default = Isolation::Full;
    isolation.paths.retain(|rule| rule.mode == Isolation::Full);
    isolation.keys.retain(|rule| rule.mode == Isolation::Full);
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(more: &str) -> Manifest {
        let text = format!(
            "schema = 1\nname = \"app\"\nversion = \"1\"\nbitness = \"x64\"\nruntime = \"wine:10\"\n{more}"
        );
        Manifest::parse(&text).unwrap()
    }

    #[test]
    fn nobody_is_let_in_who_was_not_asked_about() {
        for ask in [
            "[[host]]\npath = '%Documents%'\nsource = '/srv/data'\naccess = \"merged\"\n",
            "[[host]]\npath = '%Documents%'\nsource = '%Documents%'\naccess = \"read-only\"\n",
            "[isolation]\ndefault = \"write-copy\"\n",
            "[[isolation.path]]\npath = '%Desktop%'\nmode = \"merged\"\n",
            "[[isolation.key]]\nkey = 'HKCU\\Software\\X'\nmode = \"merged\"\n",
        ] {
            let asks = manifest(ask);
            assert_eq!(asked(&asks).len(), 1, "{ask}");
            let refused = settle(asks.clone(), HostFolders::Refuse).unwrap_err();
            assert!(matches!(refused, AppError::Forbidden(_)), "{refused}");
            let let_in = settle(asks.clone(), HostFolders::Allow).unwrap();
            assert_eq!(let_in, asks);
            let hidden = settle(asks, HostFolders::Drop).unwrap();
            assert_eq!(asked(&hidden), Vec::<String>::new());
        }
        let quiet = manifest("[[isolation.path]]\npath = '%Desktop%'\nmode = \"full\"\n");
        assert_eq!(settle(quiet.clone(), HostFolders::Refuse).unwrap(), quiet);
    }
}
