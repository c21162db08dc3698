//! Links, addresses, routes, listeners and firewall rules.

use std::fs;

use super::Facts;
use crate::packages;
use crate::process::Run;

/// The network links of this process' network.
pub(super) fn links() -> Facts {
    let table = fs::read_to_string("/proc/net/dev").unwrap_or_default();
    table
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| (name.trim().to_owned(), String::new()))
        .collect()
}

/// The lines that `ip` prints for a question.
pub(super) fn shown(question: &[&str]) -> Facts {
    let Some(ip) = packages::locate("ip") else {
        return Facts::new();
    };
    let text = Run::new(ip).args(question).capture().unwrap_or_default();
    text.lines()
        .map(|line| (settled(line), String::new()))
        .collect()
}

/// A line without the lifetimes that count down, and without the number that a link had.
fn settled(line: &str) -> String {
    let line = match line.split_once(": ") {
        Some((number, rest)) if number.parse::<u32>().is_ok() => rest,
        _ => line,
    };
    let mut words = Vec::new();
    let mut skipped = false;
    for word in line.split_whitespace() {
        if skipped {
            skipped = false;
        } else if matches!(word, "valid_lft" | "preferred_lft" | "expires") {
            skipped = true;
        } else {
            words.push(word);
        }
    }
    words.join(" ")
}

/// The ports that somebody listens on, of both versions of IP.
pub(super) fn listeners() -> Facts {
    let mut facts = Facts::new();
    for (table, listening) in [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")] {
        let text = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if let [_, local, _, state, ..] = fields[..]
                && state == listening
                && let Some((address, port)) = local.split_once(':')
                && let Ok(port) = u16::from_str_radix(port, 16)
            {
                facts.insert(format!("{table} {address} port {port}"), String::new());
            }
        }
    }
    facts
}

/// The firewall's rules, each with the tables and chains around it, counters left out.
pub(super) fn firewall() -> Facts {
    let Some(nft) = packages::locate("nft") else {
        return Facts::new();
    };
    // Without root there is nothing to see, and nothing that could have been changed.
    let text = Run::new(nft)
        .args(["--stateless", "list", "ruleset"])
        .capture()
        .unwrap_or_default();
    rules(&text)
}

fn rules(text: &str) -> Facts {
    let mut facts = Facts::new();
    let mut around: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(block) = line.strip_suffix('{') {
            around.push(block.trim().to_owned());
            facts.insert(around.join(" / "), String::new());
        } else if line == "}" {
            around.pop();
        } else if !line.is_empty() {
            let mut name = format!("{} / {line}", around.join(" / "));
            while facts.contains_key(&name) {
                name.push_str(" (again)");
            }
            facts.insert(name, String::new());
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_carry_their_place() {
        let text = "table ip nat {\n\tchain DOCKER {\n\t\tcounter\n\t\tcounter\n\t}\n}\n";
        let names: Vec<String> = rules(text).into_keys().collect();
        assert_eq!(
            names,
            [
                "table ip nat",
                "table ip nat / chain DOCKER",
                "table ip nat / chain DOCKER / counter",
                "table ip nat / chain DOCKER / counter (again)"
            ]
        );
    }

    #[test]
    fn lifetimes_are_not_differences() {
        assert_eq!(
            settled(
                "2: eth0    inet 10.0.0.2/24 scope global eth0 valid_lft 86313sec preferred_lft 86313sec"
            ),
            "eth0 inet 10.0.0.2/24 scope global eth0"
        );
    }
}
