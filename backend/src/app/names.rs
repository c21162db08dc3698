//! Names for sandboxes that are given none.

use ctnr_model::{Invalid, SandboxName};
use rand::RngExt;

const QUALITIES: [&str; 48] = [
    "able", "airy", "amber", "azure", "bold", "brave", "brisk", "bright", "calm", "clear",
    "clever", "coral", "crisp", "eager", "early", "fair", "fleet", "fond", "fresh", "gentle",
    "glad", "golden", "grand", "green", "happy", "hardy", "humble", "jolly", "keen", "kind",
    "light", "lively", "lucid", "lucky", "mellow", "merry", "mild", "neat", "noble", "patient",
    "proud", "quick", "quiet", "silver", "spry", "steady", "sunny", "swift",
];

const THINGS: [&str; 48] = [
    "acorn", "alder", "anchor", "aspen", "badger", "beacon", "birch", "bison", "breeze", "brook",
    "cedar", "clover", "comet", "condor", "coyote", "crane", "delta", "dolphin", "ember", "falcon",
    "fern", "finch", "fjord", "glacier", "harbor", "heron", "ibis", "island", "juniper", "lagoon",
    "lantern", "lark", "maple", "marten", "meadow", "orchid", "otter", "pebble", "pine", "plover",
    "quartz", "reef", "river", "sparrow", "summit", "thistle", "valley", "willow",
];

/// Makes a name up: two words, and from the second attempt on a number, since the words alone may
/// all be taken.
pub(super) fn make_up(attempt: u32) -> Result<SandboxName, Invalid> {
    let mut random = rand::rng();
    let quality = QUALITIES[random.random_range(..QUALITIES.len())];
    let thing = THINGS[random.random_range(..THINGS.len())];
    if attempt == 0 {
        SandboxName::parse(&format!("{quality}_{thing}"))
    } else {
        let number: u16 = random.random();
        SandboxName::parse(&format!("{quality}_{thing}_{number}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_word_makes_a_name_and_none_is_there_twice() {
        for word in QUALITIES.iter().chain(&THINGS) {
            assert!(SandboxName::parse(word).is_ok(), "{word}");
        }
        let words: BTreeSet<_> = QUALITIES.iter().chain(&THINGS).collect();
        assert_eq!(words.len(), QUALITIES.len() + THINGS.len());
        assert!(make_up(0).is_ok() && make_up(1).is_ok());
    }
}
