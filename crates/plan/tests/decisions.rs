//! Which rule decides about a path or a key that a running program names.

use ctnr_model::container::{Isolation, RegistryKey, RegistryView, Win32Path};
use ctnr_plan::{
    Lookup, Names, PathRedirect, RegistryPlace, RegistryRule, look_up, redirect_for, rule_for,
};
use proptest::prelude::*;

/// Rules in the order of a plan: deeper ones first.
fn redirects() -> Vec<PathRedirect<String, String>> {
    let rule = |path: &str, isolation| PathRedirect {
        path: Win32Path::parse(path).expect("a path"),
        isolation,
        read_only: false,
        place: format!("store {path}"),
        host: None,
    };
    vec![
        rule(r"C:\Users\u\Documents\Private", Isolation::Full),
        rule(r"C:\Users\u\Documents", Isolation::Merged),
        rule(r"C:\Windows", Isolation::WriteCopy),
        rule(r"C:\", Isolation::Full),
    ]
}

/// The isolation of what a program names from `C:\Users\u`.
fn decide(text: &str) -> Option<(String, Isolation)> {
    let current = Win32Path::parse(r"C:\Users\u").expect("a path");
    match look_up(text, &current, Names::AsGiven) {
        Ok(Lookup::File { path, .. }) => {
            let redirects = redirects();
            let rule = redirect_for(&redirects, &path)?;
            Some((rule.path.to_string(), rule.isolation))
        }
        _ => None,
    }
}

#[test]
fn the_nearest_ancestor_decides_whatever_way_a_path_is_written() {
    use Isolation::{Full, Merged, WriteCopy};
    for (text, rule, isolation) in [
        (
            r"C:\Users\u\Documents\a.txt",
            r"C:\Users\u\Documents",
            Merged,
        ),
        (r"c:\USERS\U\documents", r"C:\Users\u\Documents", Merged),
        (r"Documents\a.txt", r"C:\Users\u\Documents", Merged),
        (
            r"Documents\private\a",
            r"C:\Users\u\Documents\Private",
            Full,
        ),
        (r"Documents\Private\..\a", r"C:\Users\u\Documents", Merged),
        (r"Documents\Privately", r"C:\Users\u\Documents", Merged),
        (
            r"Documents\PRIVATE. . ",
            r"C:\Users\u\Documents\Private",
            Full,
        ),
        (
            r"\\?\C:\Users\u\Documents\Private",
            r"C:\Users\u\Documents\Private",
            Full,
        ),
        (
            r"\??\c:\users\u\documents\private\x",
            r"C:\Users\u\Documents\Private",
            Full,
        ),
        (
            r"Documents/Private/a:stream",
            r"C:\Users\u\Documents\Private",
            Full,
        ),
        (
            r"Documents\Private::$DATA",
            r"C:\Users\u\Documents\Private",
            Full,
        ),
        (r"C:..\..\Windows\x.dll", r"C:\Windows", WriteCopy),
        (r"\Windows", r"C:\Windows", WriteCopy),
        (r"C:\elsewhere", r"C:\", Full),
    ] {
        assert_eq!(decide(text), Some((rule.to_owned(), isolation)), "{text}");
    }
    // A drive without a rule, a device, a share, a short name: nothing that a rule decides.
    for text in [r"Z:\etc\passwd", "NUL", r"\\server\share", r"DOCUME~1\a"] {
        assert_eq!(decide(text), None, "{text}");
    }
}

#[test]
fn the_view_of_a_key_counts() {
    let rule = |key: &str, view, isolation| RegistryRule {
        key: RegistryKey::parse(key).expect("a key"),
        view,
        isolation,
        place: RegistryPlace {
            file: String::new(),
            key: String::new(),
        },
    };
    let rules = [
        rule(
            r"HKLM\Software\Vendor",
            RegistryView::Bits32,
            Isolation::WriteCopy,
        ),
        rule(r"HKCU\Software", RegistryView::Both, Isolation::Merged),
        rule("HKLM", RegistryView::Both, Isolation::Full),
    ];
    for (key, view, isolation) in [
        (
            r"HKLM\Software\Vendor\App",
            RegistryView::Bits32,
            Some(Isolation::WriteCopy),
        ),
        (
            r"HKLM\SOFTWARE\VENDOR",
            RegistryView::Bits64,
            Some(Isolation::Full),
        ),
        (
            r"HKLM\Software\Vendors",
            RegistryView::Bits32,
            Some(Isolation::Full),
        ),
        (
            r"HKCU\software\x",
            RegistryView::Bits64,
            Some(Isolation::Merged),
        ),
        ("HKCU", RegistryView::Bits64, None),
    ] {
        let key = RegistryKey::parse(key).expect("a key");
        let found = rule_for(&rules, &key, view).map(|rule| rule.isolation);
        assert_eq!(found, isolation, "{key} {view}");
    }
}

proptest! {
    /// However a program writes the way to a folder that is kept from it, it does not reach it
    /// under another rule.
    #[test]
    fn no_spelling_leads_out_of_a_rule(
        upper in proptest::collection::vec(any::<bool>(), 32),
        slashes in proptest::collection::vec(any::<bool>(), 8),
        dots in proptest::collection::vec(0..3_usize, 8),
        start in 0..4_usize,
    ) {
        let names = ["Users", "u", "Documents", "Private", "x.txt"];
        let mut path = [r"C:", r"c:", r"\\.\C:", ""][start].to_owned();
        for (index, name) in names.iter().enumerate() {
            path.push(if slashes[index] { '/' } else { '\\' });
            path.push_str(["", ".\\", "a\\..\\"][dots[index]]);
            path.extend(name.chars().enumerate().map(|(at, c)| {
                if upper[(index * 7 + at) % 32] { c.to_ascii_uppercase() } else { c }
            }));
        }
        // Two separators at the start would be a share.
        let rule = decide(&path);
        prop_assert_eq!(rule, Some((r"C:\Users\u\Documents\Private".to_owned(), Isolation::Full)), "{}", path);
    }

    /// No text makes it panic, and what is a file is below the drive that it says.
    #[test]
    fn no_text_makes_it_panic(text in "[\\\\/.:?~$ %a-cA-C*ñ\\PC]{0,40}") {
        let current = Win32Path::root('C');
        if let Ok(Lookup::File { path, .. }) = look_up(&text, &current, Names::AsGiven) {
            prop_assert!(path.is_below(&Win32Path::root(path.drive())));
            prop_assert!(path.names().all(|name| !matches!(name, "." | "..") && !name.contains(['/', ':'])));
        }
    }
}
