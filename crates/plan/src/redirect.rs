//! Where a path leads.

use std::cmp::Reverse;

use ctnr_model::container::{Isolation, Win32Path};
use serde::{Deserialize, Serialize};

/// Where a path and all below it lead, until a rule for a nearer ancestor says otherwise.
///
/// `P` is the kind of path in the container's own files, `H` on the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PathRedirect<P, H> {
    /// The path as the program names it.
    pub path: Win32Path,
    /// How far it is kept from the host.
    pub isolation: Isolation,
    /// Whether nothing may be written there, neither to the host nor to the container.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub read_only: bool,
    /// Where the container's own files are.
    pub place: P,
    /// Where the host's are; nothing where the host is hidden or has no such folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<H>,
}

/// Puts rules in the order in which the first match is the nearest ancestor: deeper ones first,
/// then by path. Of rules for the same path the first stays.
pub(crate) fn order<P, H>(mut rules: Vec<PathRedirect<P, H>>) -> Vec<PathRedirect<P, H>> {
    rules.sort_by_cached_key(|rule| (Reverse(rule.path.depth()), rule.path.clone()));
    rules.dedup_by(|later, earlier| later.path == earlier.path);
    rules
}

/// The rule for a path: the first of the plan whose path is the path itself or an ancestor.
pub fn redirect_for<'a, P, H>(
    redirects: &'a [PathRedirect<P, H>],
    path: &Win32Path,
) -> Option<&'a PathRedirect<P, H>> {
    redirects.iter().find(|rule| path.is_below(&rule.path))
}
