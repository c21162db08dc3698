//! The nft table of an engine, among the others of the host.

use std::collections::HashMap;

use super::program::{Ran, run};
use super::record::Record;
use super::rules::{Rules, owner_prefix};
use crate::network::NetworkError;

/// The host's nft tables and their chains.
pub(super) struct Filter {
    /// Names of chains by family and table: `("inet ctnr", ["arriving", …])`.
    tables: HashMap<String, Vec<Chain>>,
}

struct Chain {
    name: String,
    drops: bool,
}

/// What became of an attempt to put the table in place.
pub(super) enum Replaced {
    /// It is there.
    Done,
    /// Another engine's table has the name.
    Taken,
}

impl Filter {
    /// Reads the tables that are there.
    pub(super) fn read() -> Result<Self, NetworkError> {
        Ok(Self {
            tables: parse(&nft(&["list", "chains"], "")?.into_output()?),
        })
    }

    /// Whether an `inet` table has the name.
    pub(super) fn has_table(&self, name: &str) -> bool {
        self.tables.contains_key(&format!("inet {name}"))
    }

    /// Whether a table in the form that `iptables` keeps has this chain.
    pub(super) fn has_legacy_chain(&self, family: &str, chain: &str) -> bool {
        self.legacy_chain(family, chain).is_some()
    }

    /// Whether what no rule of that chain decides is dropped.
    pub(super) fn legacy_chain_drops(&self, family: &str, chain: &str) -> bool {
        self.legacy_chain(family, chain)
            .is_some_and(|chain| chain.drops)
    }

    fn legacy_chain(&self, family: &str, chain: &str) -> Option<&Chain> {
        self.tables
            .get(&format!("{family} filter"))?
            .iter()
            .find(|known| known.name == chain)
    }

    /// Whether the record's table is there and its own.
    pub(super) fn owns(&self, record: &Record) -> bool {
        let mark = owner_prefix(&record.owner);
        let chains = self
            .tables
            .get(&format!("inet {}", record.instance.table()));
        chains.is_some_and(|chains| chains.iter().any(|chain| chain.name.starts_with(&mark)))
    }

    /// Puts the table in place in one step, in place of a former one of the same owner. Does
    /// nothing when it is there as it should be.
    pub(super) fn replace(&mut self, rules: &Rules<'_>) -> Result<Replaced, NetworkError> {
        let table = rules.instance.table();
        let text = match self.tables.get(&format!("inet {table}")) {
            Some(chains) if chains.iter().any(|chain| chain.name == rules.mark()) => {
                return Ok(Replaced::Done);
            }
            Some(_) => format!("delete table inet {table}\n{}", rules.text()),
            // `create` fails where `add` would quietly join a table that appeared meanwhile.
            None => format!("create table inet {table}\n{}", rules.text()),
        };
        let ran = nft(&["-f", "-"], &text)?;
        if !ran.succeeded && ran.complaint.contains("File exists") {
            return Ok(Replaced::Taken);
        }
        ran.into_output()?;
        let chain = Chain {
            name: rules.mark(),
            drops: false,
        };
        self.tables.insert(format!("inet {table}"), vec![chain]);
        Ok(Replaced::Done)
    }

    /// Removes the record's table, if it is there and its own.
    pub(super) fn remove(&mut self, record: &Record) -> Result<(), NetworkError> {
        if self.owns(record) {
            self.remove_table(&record.instance.table())
        } else {
            Ok(())
        }
    }

    /// Removes an `inet` table, if it is there.
    pub(super) fn remove_table(&mut self, table: &str) -> Result<(), NetworkError> {
        if self.has_table(table) {
            nft(&["delete", "table", "inet", table], "")?.into_output()?;
            self.tables.remove(&format!("inet {table}"));
        }
        Ok(())
    }
}

impl Ran {
    fn into_output(self) -> Result<String, NetworkError> {
        if self.succeeded {
            return Ok(self.output);
        }
        Err(NetworkError::Filter {
            program: "nft",
            message: self.complaint,
        })
    }
}

fn nft(arguments: &[&str], input: &str) -> Result<Ran, NetworkError> {
    run("nft", arguments, input)?.ok_or(NetworkError::ProgramMissing {
        program: "nft",
        package: "nftables",
    })
}

fn parse(listing: &str) -> HashMap<String, Vec<Chain>> {
    let mut tables: HashMap<String, Vec<Chain>> = HashMap::new();
    let mut current = String::new();
    for line in listing.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix("table ") {
            table.trim_end_matches(['{', ' ']).clone_into(&mut current);
            tables.entry(current.clone()).or_default();
        } else if let Some(chain) = line.strip_prefix("chain ") {
            let name = chain.trim_end_matches(['{', '}', ' ']).to_owned();
            tables
                .entry(current.clone())
                .or_default()
                .push(Chain { name, drops: false });
        } else if line.ends_with("policy drop;")
            && let Some(chain) = tables
                .get_mut(&current)
                .and_then(|chains| chains.last_mut())
        {
            chain.drops = true;
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listing_of_nft_is_read() {
        let tables = parse(
            "table ip filter {\n\tchain FORWARD {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n\tchain DOCKER-USER {\n\t}\n}\n\
             table inet ctnr {\n\tchain owner_00ff_1 {\n\t}\n}\n",
        );
        let filter = Filter { tables };
        assert!(filter.has_table("ctnr"));
        assert!(!filter.has_table("ctnr1"));
        assert!(filter.legacy_chain_drops("ip", "FORWARD"));
        assert!(filter.has_legacy_chain("ip", "DOCKER-USER"));
        assert!(!filter.legacy_chain_drops("ip", "DOCKER-USER"));
        assert!(!filter.has_legacy_chain("ip6", "FORWARD"));
    }
}
