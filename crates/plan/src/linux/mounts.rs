//! Mounts that make the rules true.

use ctnr_model::container::Isolation;
use ctnr_model::{FileOwner, HostMount, MountAccess};

use super::{Redirect, join};
use crate::PlanError;

/// The mounts of rules in their order, a folder before those below it.
///
/// # Errors
/// [`PlanError::Unsupported`] for a path that is to be hidden, or to be another folder of the
/// host, below one that is let in: a mount point would have to be made on the host.
pub(super) fn mounts(
    redirects: &[Redirect],
    owner: FileOwner,
) -> Result<Vec<HostMount>, PlanError> {
    let mut mounts = Vec::new();
    for (index, rule) in redirects.iter().enumerate().rev() {
        let above = redirects[index + 1..]
            .iter()
            .find(|above| rule.path.is_below(&above.path));
        let above = above.and_then(|above| Some((above, above.host.as_ref()?)));
        match (&rule.host, above) {
            (None, None) => {}
            (Some(host), None) => mounts.push(mount(rule, host, owner)),
            (Some(host), Some((above, above_host))) => {
                let names = rule.path.below(&above.path).unwrap_or_default();
                if join(above_host, &names.join("\\")).ok().as_ref() != Some(host) {
                    return Err(refused(rule, above, "is another folder of the host"));
                }
                if access(rule) != access(above) {
                    mounts.push(mount(rule, host, owner));
                }
            }
            (None, Some((above, _))) => return Err(refused(rule, above, "is the container's own")),
        }
    }
    Ok(mounts)
}

fn mount(rule: &Redirect, host: &ctnr_model::HostPath, owner: FileOwner) -> HostMount {
    HostMount {
        source: host.clone(),
        target: rule.place.clone(),
        access: access(rule),
        owner,
    }
}

fn access(rule: &Redirect) -> MountAccess {
    match rule.isolation {
        _ if rule.read_only => MountAccess::ReadOnly,
        Isolation::Merged => MountAccess::ReadWrite,
        Isolation::Full | Isolation::WriteCopy => MountAccess::CopyOnWrite,
    }
}

fn refused(rule: &Redirect, above: &Redirect, what: &str) -> PlanError {
    PlanError::Unsupported {
        field: rule.path.to_string(),
        reason: format!(
            "it {what} below {}, which is a folder of the host; on Linux a folder that is let in is let in with all below it",
            above.path
        ),
    }
}
