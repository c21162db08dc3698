//! The Spanish table of settings, which people translate from the English one that is generated.
//!
//! It carries the hash of what it was translated from, so a text that changes in English is not
//! forgotten in Spanish.

use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::cache::Key;
use crate::workspace::{self, Workspace};

const ENGLISH: &str = "README.md";
const SPANISH: &str = "README.es.md";

/// What the lines before both tables begin with.
const ENGLISH_BEGIN: &str = "<!-- begin: cargo run -p backend -- env -->";
const SPANISH_BEGIN: &str = "<!-- translated from: ";

pub(super) fn check(_: &Workspace) -> Result<()> {
    let read = |name: &str| {
        let path = workspace::root().join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {path:?}"))
    };
    compare(&read(ENGLISH)?, &read(SPANISH)?)
}

fn compare(english: &str, spanish: &str) -> Result<()> {
    let (_, english) = table_behind(english, ENGLISH_BEGIN)
        .with_context(|| format!("{ENGLISH} has no table of settings"))?;
    let (mark, spanish) = table_behind(spanish, SPANISH_BEGIN)
        .with_context(|| format!("{SPANISH} has no translated table of settings"))?;
    let names = |table: &[&str]| -> Vec<String> {
        let name = |row: &&str| row.split('|').nth(1).unwrap_or_default().trim().to_owned();
        table.iter().skip(2).map(name).collect()
    };
    ensure!(
        names(&english) == names(&spanish),
        "the table of settings in {SPANISH} has other rows than the one in {ENGLISH}: {:?} and {:?}",
        names(&spanish),
        names(&english)
    );
    let hash = Key::new("settings", 1)
        .with("table", english.join("\n"))
        .hex();
    let expected = format!("{SPANISH_BEGIN}{hash} -->");
    if mark != expected {
        bail!(
            "the table of settings in {ENGLISH} has changed: translate what is new in it in \
             {SPANISH}, and put {expected:?} in front of the table there"
        );
    }
    Ok(())
}

/// The line that begins with `begin`, and the rows that follow it.
fn table_behind<'a>(page: &'a str, begin: &str) -> Option<(&'a str, Vec<&'a str>)> {
    let mut lines = page.lines().skip_while(|line| !line.starts_with(begin));
    let mark = lines.next()?;
    let rows = lines.take_while(|line| line.starts_with('|')).collect();
    Some((mark, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH_PAGE: &str = "# A\n<!-- begin: cargo run -p backend -- env -->\n\
        | Variable | What |\n| --- | --- |\n| `A` | It is a. |\n<!-- end -->\n";

    fn spanish(mark: &str, row: &str) -> String {
        format!("# A\n{mark}\n| Variable | Qué |\n| --- | --- |\n{row}\n\nB\n")
    }

    #[test]
    fn a_changed_text_and_a_missing_row_are_seen() {
        let row = "| `A` | Es a. |";
        let error = compare(ENGLISH_PAGE, &spanish("<!-- translated from: 0 -->", row));
        let error = error.expect_err("it has another hash").to_string();
        let mark = error.split('"').nth(1).expect("the error has the mark");
        compare(ENGLISH_PAGE, &spanish(mark, row)).expect("it is up to date");
        assert!(compare(ENGLISH_PAGE, &spanish(mark, "| `B` | Es b. |")).is_err());
        let changed = ENGLISH_PAGE.replace("It is a", "It was a");
        assert!(compare(&changed, &spanish(mark, row)).is_err());
    }
}
