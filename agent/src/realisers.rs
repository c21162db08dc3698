//! The ways in which a host can make a container's plan real, and what keeps the others from it.

use ctnr_engine::Capability;
use ctnr_model::EngineKind;

use crate::EngineStatus;

/// Whether this build was asked for the hooks of Windows hosts.
const WITH_HOOKS: bool = cfg!(feature = "native-hooks");

/// A way of making a plan real.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realiser {
    /// `wine`, `hooks`, `winfsp` or `dokany`.
    pub name: &'static str,
    /// Why it can't be used here.
    pub available: Result<(), String>,
}

/// The realisers, given what is known of this host's engines. A container also wants a runtime,
/// which the host may have or not.
pub fn realisers(engines: &[EngineStatus]) -> Vec<Realiser> {
    let hooks = if WITH_HOOKS {
        "this build has the feature native-hooks, which is for Windows hosts and adds nothing on Linux; here containers run over Wine"
    } else {
        "hooks redirect the system calls of Windows programs on Windows hosts; here containers run over Wine"
    };
    let missing = |name, reason: &str| Realiser {
        name,
        available: Err(reason.to_owned()),
    };
    vec![
        Realiser {
            name: "wine",
            available: wine(engines),
        },
        missing("hooks", hooks),
        missing(
            "winfsp",
            "WinFsp mounts file systems on Windows hosts; here layers are mounted by the kernel's overlayfs",
        ),
        missing(
            "dokany",
            "Dokany mounts file systems on Windows hosts; here layers are mounted by the kernel's overlayfs",
        ),
    ]
}

/// Wine in a sandbox of the native engine, over layers.
fn wine(engines: &[EngineStatus]) -> Result<(), String> {
    let native = engines
        .iter()
        .find(|engine| engine.kind == EngineKind::Native)
        .ok_or("it is not known whether this host has the native engine")?;
    match &native.available {
        Ok(capabilities) if capabilities.has(Capability::Layers) => Ok(()),
        Ok(_) => Err("the native engine has no layers here".to_owned()),
        Err(reason) => Err(format!("it runs on the native engine: {reason}")),
    }
}

#[cfg(test)]
mod tests {
    use ctnr_engine::Capabilities;

    use super::*;

    fn native(available: Result<Capabilities, String>) -> EngineStatus {
        EngineStatus {
            kind: EngineKind::Native,
            is_default: true,
            available,
        }
    }

    #[test]
    fn wine_wants_the_native_engine_with_layers() {
        let with = [Capability::Layers].into_iter().collect::<Capabilities>();
        let wine = |engines: &[EngineStatus]| realisers(engines)[0].available.clone();
        assert_eq!(wine(&[native(Ok(with))]), Ok(()));
        assert!(wine(&[native(Ok(Capabilities::default()))]).is_err());
        let error = wine(&[native(Err("no user namespaces".to_owned()))]);
        assert!(error.unwrap_err().contains("no user namespaces"));
        assert!(wine(&[]).is_err());
    }

    #[test]
    fn what_is_for_windows_says_so() {
        for realiser in &realisers(&[])[1..] {
            let reason = realiser.available.clone().unwrap_err();
            assert!(reason.contains("Windows hosts"), "{}", realiser.name);
        }
    }
}
