//! Deltas as files that `regedit` imports.

use super::delta::Delta;

/// A delta as a file of `regedit`, version 5, in UTF-8 with a byte-order mark.
pub fn to_reg_file(delta: &Delta) -> String {
    let mut file = "\u{feff}Windows Registry Editor Version 5.00\r\n".to_owned();
    for change in &delta.changes {
        let minus = if change.removed { "-" } else { "" };
        let root = change.hive.root();
        file.push_str(&format!("\r\n[{minus}{root}\\{}]\r\n", change.key));
        for name in &change.unset {
            file.push_str(&format!("{}=-\r\n", quoted(name)));
        }
        for (name, data) in &change.set {
            file.push_str(&format!("{}={}\r\n", quoted(name), data.for_regedit()));
        }
    }
    file
}

fn quoted(name: &str) -> String {
    if name.is_empty() {
        "@".to_owned()
    } else {
        format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Hive, HiveKind};

    #[test]
    fn it_is_as_regedit_writes_it() {
        let hive = |keys| Hive::read(&format!("WINE REGISTRY Version 2\n{keys}")).unwrap();
        let mut delta = Delta::default();
        delta.add(
            HiveKind::Machine,
            &hive("[Old]\n[Software\\\\A]\n\"gone\"=\"\"\n"),
            &hive("[Software\\\\A]\n@=\"C:\\\\x\"\n\"e\"=str(2):\"%A\"\n\"d\"=dword:00000001\n"),
        );
        let lines = [
            "\u{feff}Windows Registry Editor Version 5.00",
            "",
            r"[-HKEY_LOCAL_MACHINE\Old]",
            "",
            r"[HKEY_LOCAL_MACHINE\Software\A]",
            r#""gone"=-"#,
            r#"@="C:\\x""#,
            r#""d"=dword:00000001"#,
            r#""e"=hex(2):25,00,41,00,00,00"#,
            "",
        ];
        assert_eq!(to_reg_file(&delta), lines.join("\r\n"));
    }
}
