//! The nft table of an engine, among the others of the host.

use std::collections::HashMap;

use super::program::{Ran, run};
use super::rules::{Rules, owner_prefix};
use crate::network::NetworkError;
use crate::network::plan::Instance;

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

    /// Whether the table of an instance is there and this owner's.
    pub(super) fn owns(&self, owner: &str, instance: Instance) -> bool {
        let mark = owner_prefix(owner);
        let chains = self.tables.get(&format!("inet {}", instance.table()));
        chains.is_some_and(|chains| chains.iter().any(|chain| chain.name.starts_with(&mark)))
    }

    /// Puts an engine's table in place in one step, in place of a former one of the same owner.
    /// Does nothing when it is there as it should be.
    pub(super) fn replace(&mut self, rules: &Rules<'_>) -> Result<Replaced, NetworkError> {
        let (table, mark) = (rules.instance.table(), rules.mark());
        if self.has_table(&table) {
            self.put(&table, &mark, &rules.chains())?;
            return Ok(Replaced::Done);
        }
        // `create` fails where `add` would quietly join a table that appeared meanwhile.
        let text = format!(
            "create table inet {table}\n{}",
            text(&table, &mark, &rules.chains())
        );
        let ran = nft(&["-f", "-"], &text)?;
        if !ran.succeeded && ran.complaint.contains("File exists") {
            return Ok(Replaced::Taken);
        }
        ran.into_output()?;
        self.put_down(&table, mark);
        Ok(Replaced::Done)
    }

    /// Puts a table in place in one step, in place of a former one. Does nothing when one with
    /// this mark is there.
    pub(super) fn put(
        &mut self,
        table: &str,
        mark: &str,
        chains: &str,
    ) -> Result<(), NetworkError> {
        let present = self.tables.get(&format!("inet {table}"));
        if present.is_some_and(|chains| chains.iter().any(|chain| chain.name == mark)) {
            return Ok(());
        }
        // Added first, so that there is one to delete.
        let text = format!(
            "add table inet {table}\ndelete table inet {table}\n{}",
            text(table, mark, chains)
        );
        nft(&["-f", "-"], &text)?.into_output()?;
        self.put_down(table, mark.to_owned());
        Ok(())
    }

    fn put_down(&mut self, table: &str, mark: String) {
        let chain = Chain {
            name: mark,
            drops: false,
        };
        self.tables.insert(format!("inet {table}"), vec![chain]);
    }

    /// Removes the table of an instance, if it is there and this owner's.
    pub(super) fn remove(&mut self, owner: &str, instance: Instance) -> Result<(), NetworkError> {
        if self.owns(owner, instance) {
            self.remove_table(&instance.table())
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

/// A table as nft reads it. The mark is given to an empty chain, since comments on tables need a
/// newer kernel and nft.
fn text(table: &str, mark: &str, chains: &str) -> String {
    format!("table inet {table} {{\n\tchain {mark} {{\n\t}}\n{chains}}}\n")
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
