//! The difference of two states of the registry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::data::Data;
use super::hive::{Hive, HiveKind, Key, fold};
use super::noise::is_noise;

/// What changed of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    /// The part of the registry.
    pub hive: HiveKind,
    /// The key's path in it.
    pub key: String,
    /// The key is gone, with all below it: a whiteout. Nothing else is told then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
    /// Lines about it that registry files have: a class, that it is a link.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Values that were written, by their names; the default one has no name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Data>,
    /// Values that are gone: whiteouts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unset: Vec<String>,
}

/// What changed of the registry: each change stands for itself, in the order in which they apply.
/// A key that is there with nothing in it was made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Delta {
    /// The changes.
    pub changes: Vec<KeyChange>,
}

impl Delta {
    /// Adds what leads from one state of a hive to another, without what changes by itself.
    pub fn add(&mut self, hive: HiveKind, before: &Hive, after: &Hive) {
        let mut gone: Option<&str> = None;
        for (folded, key) in &before.keys {
            let is_below = gone.is_some_and(|gone| is_below(folded, gone));
            if after.keys.contains_key(folded) || is_below || is_noise(hive, folded) {
                continue;
            }
            gone = Some(folded);
            self.changes.push(change(hive, key, true));
        }
        let empty = Key::default();
        for (folded, key) in &after.keys {
            if is_noise(hive, folded) {
                continue;
            }
            let was = before.keys.get(folded);
            let old = was.unwrap_or(&empty);
            let mut change = change(hive, key, false);
            if old.options != key.options {
                change.options.clone_from(&key.options);
            }
            for (name, (written, data)) in &key.values {
                if old.values.get(name).map(|(_, data)| data) != Some(data) {
                    change.set.insert(written.clone(), data.clone());
                }
            }
            for (name, (written, _)) in &old.values {
                if !key.values.contains_key(name) {
                    change.unset.push(written.clone());
                }
            }
            // A key that only leads to others is made by them.
            let is_made = was.is_none() && !has_keys(after, folded);
            if is_made || !change.is_empty() {
                self.changes.push(change);
            }
        }
    }

    /// Applies the changes of a hive to another state of it: values of the delta win, and what it
    /// does not name stays.
    pub fn merge_into(&self, kind: HiveKind, hive: &mut Hive) {
        for change in self.changes.iter().filter(|change| change.hive == kind) {
            let folded = fold(&change.key);
            if change.removed {
                hive.keys
                    .retain(|key, _| *key != folded && !is_below(key, &folded));
                continue;
            }
            hive.insert_key(&change.key);
            let Some(key) = hive.keys.get_mut(&folded) else {
                continue;
            };
            if !change.options.is_empty() {
                key.options.clone_from(&change.options);
            }
            for name in &change.unset {
                key.values.remove(&fold(name));
            }
            for (name, data) in &change.set {
                key.values.insert(fold(name), (name.clone(), data.clone()));
            }
        }
    }

    /// The changes of keys below one, each with the names of the path below it.
    pub fn below<'a>(
        &'a self,
        hive: HiveKind,
        key: &str,
    ) -> impl Iterator<Item = (&'a str, &'a KeyChange)> {
        let above = fold(key);
        self.changes
            .iter()
            .filter(move |change| change.hive == hive && !change.removed)
            .filter_map(move |change| {
                let folded = fold(&change.key);
                let is_there = is_below(&folded, &above) && folded.len() == change.key.len();
                let rest = is_there
                    .then(|| change.key.get(above.len() + 1..))
                    .flatten()?;
                Some((rest, change))
            })
    }
}

impl KeyChange {
    fn is_empty(&self) -> bool {
        self.options.is_empty() && self.set.is_empty() && self.unset.is_empty()
    }

    /// The text of a value that was written.
    pub fn text(&self, name: &str) -> Option<String> {
        let folded = fold(name);
        let (_, data) = self.set.iter().find(|(name, _)| fold(name) == folded)?;
        data.as_text()
    }
}

fn change(hive: HiveKind, key: &Key, removed: bool) -> KeyChange {
    KeyChange {
        hive,
        key: key.path.clone(),
        removed,
        options: Vec::new(),
        set: BTreeMap::new(),
        unset: Vec::new(),
    }
}

/// Whether a folded path is below another one.
fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| rest.starts_with('\\'))
}

fn has_keys(hive: &Hive, folded: &str) -> bool {
    let first = format!("{folded}\\");
    let mut behind = hive.keys.range(first.clone()..);
    behind
        .next()
        .is_some_and(|(key, _)| key.starts_with(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hive(keys: &str) -> Hive {
        Hive::read(&format!("WINE REGISTRY Version 2\n{keys}")).unwrap()
    }

    fn delta(before: &str, after: &str) -> Delta {
        let mut delta = Delta::default();
        delta.add(HiveKind::Machine, &hive(before), &hive(after));
        delta
    }

    const BEFORE: &str = concat!(
        "[Software\\\\Old\\\\Sub]\n\"x\"=\"1\"\n[Software\\\\Kept]\n\"a\"=\"1\"\n\"b\"=\"2\"\n",
        "[System\\\\ControlSet001\\\\Enum\\\\ROOT]\n\"n\"=\"1\"\n",
    );
    const AFTER: &str = concat!(
        "[Software\\\\Kept]\n\"A\"=\"9\"\n[Software\\\\New\\\\Leaf]\n",
        "[System\\\\ControlSet001\\\\Enum\\\\OTHER]\n\"n\"=\"2\"\n",
    );

    #[test]
    fn a_delta_tells_what_was_written_and_what_is_gone() {
        let delta = delta(BEFORE, AFTER);
        let told: Vec<_> = delta
            .changes
            .iter()
            .map(|c| (c.key.as_str(), c.removed, c.set.len(), c.unset.join(",")))
            .collect();
        assert_eq!(
            told,
            [
                (r"Software\Old", true, 0, String::new()),
                (r"Software\Kept", false, 1, "b".to_owned()),
                (r"Software\New\Leaf", false, 0, String::new()),
            ]
        );
        assert_eq!(delta.changes[1].text("a").unwrap(), "9");
    }

    #[test]
    fn merging_a_delta_gives_the_state_after_it() {
        let delta = delta(BEFORE, AFTER);
        let mut merged = hive(BEFORE);
        delta.merge_into(HiveKind::Machine, &mut merged);
        let mut left = Delta::default();
        left.add(HiveKind::Machine, &merged, &hive(AFTER));
        assert_eq!(left, Delta::default());
    }

    #[test]
    fn two_deltas_that_were_made_apart_add_up() {
        let base = "[Software]\n";
        let one = delta(base, "[Software\\\\One]\n\"a\"=\"1\"\n");
        let two = delta(base, "[Software\\\\Two]\n\"b\"=\"2\"\n");
        let mut merged = hive(base);
        one.merge_into(HiveKind::Machine, &mut merged);
        two.merge_into(HiveKind::Machine, &mut merged);
        assert!(merged.value(r"software\one", "A").is_some());
        assert!(merged.value(r"software\two", "B").is_some());
    }

    #[test]
    fn a_key_that_gains_a_key_below_it_has_not_changed() {
        let after = "[Software\\\\A\\\\B]\n\"x\"=\"1\"\n";
        let delta = delta("[Software\\\\A]\n", after);
        assert_eq!(delta.changes.len(), 1);
        assert_eq!(delta.changes[0].key, r"Software\A\B");
    }

    #[test]
    fn it_reads_back_from_json() {
        let delta = delta(BEFORE, AFTER);
        let json = serde_json::to_string(&delta).unwrap();
        assert_eq!(serde_json::from_str::<Delta>(&json).unwrap(), delta);
    }
}
