//! Where a key of the registry leads.

use std::cmp::Reverse;

use ctnr_model::container::{Hive, Isolation, IsolationPolicy, KeyRule, RegistryKey, RegistryView};
use serde::{Deserialize, Serialize};

/// Where a key and all below it lead, until a rule for a nearer ancestor says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RegistryRule<P> {
    /// The key as the program names it.
    pub key: RegistryKey,
    /// The view: `both` where the key has only one.
    pub view: RegistryView,
    /// How far it is kept from the host.
    pub isolation: Isolation,
    /// Where the container's own is.
    pub place: RegistryPlace<P>,
}

/// A key in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RegistryPlace<P> {
    /// The file: one of Wine's on Linux, a hive on Windows.
    pub file: P,
    /// The key in it, `Wow6432Node` included; empty for the file's root.
    pub key: String,
}

/// Rules of the manifest and the default, each for the views that its key has, in the order in
/// which the first match is the nearest ancestor. `system` are rules that come after those of the
/// manifest.
pub(crate) fn rules<P>(
    policy: &IsolationPolicy,
    system: &[KeyRule],
    place: impl Fn(Hive) -> (P, &'static str),
) -> Vec<RegistryRule<P>> {
    let roots = [Hive::LocalMachine, Hive::CurrentUser].map(|hive| KeyRule {
        key: RegistryKey::from_names(hive, &[]),
        view: RegistryView::Both,
        mode: policy.default,
    });
    let mut rules = Vec::new();
    for rule in policy.keys.iter().chain(system).chain(&roots) {
        for view in views(rule) {
            let (file, root) = place(rule.key.hive());
            rules.push(RegistryRule {
                key: rule.key.clone(),
                view,
                isolation: rule.mode,
                place: RegistryPlace {
                    file,
                    key: [root, &stored(&rule.key, view)]
                        .into_iter()
                        .filter(|part| !part.is_empty())
                        .collect::<Vec<_>>()
                        .join("\\"),
                },
            });
        }
    }
    rules.sort_by_cached_key(|rule| (Reverse(rule.key.depth()), rule.key.clone(), rule.view));
    rules.dedup_by(|later, earlier| later.key == earlier.key && later.view == earlier.view);
    rules
}

fn views(rule: &KeyRule) -> Vec<RegistryView> {
    match (rule.key.has_views(), rule.view) {
        (true, RegistryView::Both) => vec![RegistryView::Bits64, RegistryView::Bits32],
        (true, view) => vec![view],
        (false, _) => vec![RegistryView::Both],
    }
}

/// The key as it is kept, where the view of 32-bit programs is below `Wow6432Node`.
fn stored(key: &RegistryKey, view: RegistryView) -> String {
    let path = key.path();
    match (view, path.split_once('\\')) {
        (RegistryView::Bits32, Some((software, rest))) => {
            format!(r"{software}\Wow6432Node\{rest}")
        }
        (RegistryView::Bits32, None) => format!(r"{path}\Wow6432Node"),
        _ => path.to_owned(),
    }
}

/// The rule for a key in a view: the first of the plan that covers the view and whose key is the
/// key itself or an ancestor.
pub fn rule_for<'a, P>(
    rules: &'a [RegistryRule<P>],
    key: &RegistryKey,
    view: RegistryView,
) -> Option<&'a RegistryRule<P>> {
    rules
        .iter()
        .find(|rule| rule.view.covers(view) && key.is_below(&rule.key))
}
