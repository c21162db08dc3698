//! The nft table of an engine, among the others of the host.

use std::collections::HashMap;
use std::io;

use super::guard;
use super::program::{Ran, run};
use super::rules::{Rules, owner_prefix};
use crate::network::NetworkError;
use crate::network::netlink::{FilterSocket, ListedChain, Refused};
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

/// An `inet` table as it should be.
pub(super) struct Table {
    pub(super) name: String,
    /// A name that changes with what the chains say. It is given to an empty chain, since comments
    /// on tables need a newer kernel and nft.
    pub(super) mark: String,
    /// The sets and chains, as nft reads them.
    pub(super) chains: String,
}

impl Table {
    /// For nft: fails where there is one of the name.
    fn created(&self) -> String {
        format!("create table inet {}\n{}", self.name, self.content())
    }

    /// For nft: in place of one that may be there.
    fn anew(&self) -> String {
        let name = &self.name;
        // Added first, so that there is one to delete.
        format!(
            "add table inet {name}\ndelete table inet {name}\n{}",
            self.content()
        )
    }

    fn content(&self) -> String {
        let Self { name, mark, chains } = self;
        format!("table inet {name} {{\n\tchain {mark} {{\n\t}}\n{chains}}}\n")
    }
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
        let failed = |refused: Refused| match refused.source.kind() {
            io::ErrorKind::PermissionDenied => NetworkError::NotPermitted,
            _ => NetworkError::Filter {
                program: "the kernel",
                message: format!("{}: {}", refused.what, refused.source),
            },
        };
        let socket = FilterSocket::open().map_err(failed)?;
        let tables = socket.tables().map_err(failed)?;
        Ok(Self::of(tables, socket.chains().map_err(failed)?))
    }

    fn of(names: Vec<String>, chains: Vec<ListedChain>) -> Self {
        let mut tables: HashMap<_, Vec<_>> =
            names.into_iter().map(|name| (name, Vec::new())).collect();
        for ListedChain { table, name, drops } in chains {
            tables.entry(table).or_default().push(Chain { name, drops });
        }
        Self { tables }
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

    /// Puts an engine's table and the host's guard in place in one step, in place of former ones.
    /// Does nothing for what is there as it should be. Where no guard is needed, one that is there
    /// goes.
    pub(super) fn bring(
        &mut self,
        rules: &Rules<'_>,
        guard: Option<Table>,
    ) -> Result<Replaced, NetworkError> {
        if guard.is_none() {
            guard::remove(self)?;
        }
        let own = Table {
            name: rules.instance.table(),
            mark: rules.mark(),
            chains: rules.chains(),
        };
        // `create` fails where `add` would quietly join a table that appeared meanwhile.
        let own_begin = match self.has_table(&own.name) {
            true => Table::anew,
            false => Table::created,
        };
        let wanted = guard
            .map(|guard| (guard, Table::anew as fn(&Table) -> String))
            .into_iter()
            .chain([(own, own_begin as fn(&Table) -> String)]);
        let missing: Vec<_> = wanted.filter(|(table, _)| !self.has(table)).collect();
        if missing.is_empty() {
            return Ok(Replaced::Done);
        }
        let text: String = missing.iter().map(|(table, text)| text(table)).collect();
        let ran = nft(&["-f", "-"], &text)?;
        if !ran.succeeded && ran.complaint.contains("File exists") {
            return Ok(Replaced::Taken);
        }
        ran.into_output()?;
        for (table, _) in missing {
            self.put_down(&table.name, table.mark);
        }
        Ok(Replaced::Done)
    }

    fn has(&self, table: &Table) -> bool {
        let present = self.tables.get(&format!("inet {}", table.name));
        present.is_some_and(|chains| chains.iter().any(|chain| chain.name == table.mark))
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

fn nft(arguments: &[&str], input: &str) -> Result<Ran, NetworkError> {
    run("nft", arguments, input)?.ok_or(NetworkError::ProgramMissing {
        program: "nft",
        package: "nftables",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(table: &str, name: &str, drops: bool) -> ListedChain {
        ListedChain {
            table: table.to_owned(),
            name: name.to_owned(),
            drops,
        }
    }

    #[test]
    fn chains_are_found_by_their_table() {
        let filter = Filter::of(
            vec!["ip filter".to_owned(), "inet empty".to_owned()],
            vec![
                chain("ip filter", "FORWARD", true),
                chain("ip filter", "DOCKER-USER", false),
                chain("inet ctnr", "owner_00ff_1", false),
            ],
        );
        assert!(filter.has_table("ctnr"));
        assert!(filter.has_table("empty"));
        assert!(!filter.has_table("ctnr1"));
        assert!(filter.legacy_chain_drops("ip", "FORWARD"));
        assert!(filter.has_legacy_chain("ip", "DOCKER-USER"));
        assert!(!filter.legacy_chain_drops("ip", "DOCKER-USER"));
        assert!(!filter.has_legacy_chain("ip6", "FORWARD"));
    }
}
