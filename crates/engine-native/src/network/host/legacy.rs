//! Letting sandboxes' packets pass a firewall that is kept with `iptables`.
//!
//! Docker, and others such as ufw, drop whatever is forwarded and not theirs. A table that accepts
//! a packet can't take back another's drop, so the firewall itself has to have a rule: in Docker's
//! chain for users' rules where there is one, else at the head of its forwarding chain. The rules
//! bear the instance's name as a comment, by which they are found again; and they let packets out
//! by the uplinks only, so that Docker's containers stay as protected as they were.

use std::path::Path;

use super::filter::Filter;
use super::forwarding::Uplinks;
use super::program::run;
use crate::network::NetworkError;
use crate::network::plan::Instance;

/// Chains that rules may stand in; the first that is there is taken.
const CHAINS: [&str; 2] = ["DOCKER-USER", "FORWARD"];

/// One of up to four firewalls of a host: each family's, in nftables and in the older form.
struct Firewall {
    family: &'static str,
    /// The program for this form, then the one that serves where a host has one form only.
    programs: [&'static str; 2],
    /// The same for the programs that make several changes in one step.
    restorers: [&'static str; 2],
    /// The file that lists the tables in use in the older form.
    tables: Option<&'static str>,
}

const FIREWALLS: [Firewall; 4] = [
    Firewall {
        family: "ip",
        programs: ["iptables-nft", "iptables"],
        restorers: ["iptables-nft-restore", "iptables-restore"],
        tables: None,
    },
    Firewall {
        family: "ip6",
        programs: ["ip6tables-nft", "ip6tables"],
        restorers: ["ip6tables-nft-restore", "ip6tables-restore"],
        tables: None,
    },
    Firewall {
        family: "ip",
        programs: ["iptables-legacy", "iptables"],
        restorers: ["iptables-legacy-restore", "iptables-restore"],
        tables: Some("/proc/thread-self/net/ip_tables_names"),
    },
    Firewall {
        family: "ip6",
        programs: ["ip6tables-legacy", "ip6tables"],
        restorers: ["ip6tables-legacy-restore", "ip6tables-restore"],
        tables: Some("/proc/thread-self/net/ip6_tables_names"),
    },
];

/// Adds the rules where they are needed, and removes those that no longer are.
pub(super) fn allow(
    instance: Instance,
    uplinks: &Uplinks,
    filter: &Filter,
) -> Result<(), NetworkError> {
    for firewall in &FIREWALLS {
        let names = if firewall.family == "ip" {
            &uplinks.v4
        } else {
            &uplinks.v6
        };
        let Some(chain) = firewall.blocking_chain(filter)? else {
            continue;
        };
        firewall.bring(chain, &wanted(instance, chain, names), instance)?;
    }
    Ok(())
}

/// Removes all rules of the instance.
pub(super) fn remove(instance: Instance, filter: &Filter) -> Result<(), NetworkError> {
    for firewall in &FIREWALLS {
        for chain in CHAINS {
            if firewall.in_use(filter, chain) {
                firewall.bring(chain, &[], instance)?;
            }
        }
    }
    Ok(())
}

impl Firewall {
    /// Whether the firewall is there. Asking its program would make it be there.
    fn in_use(&self, filter: &Filter, chain: &str) -> bool {
        match self.tables {
            None => filter.has_legacy_chain(self.family, chain),
            Some(tables) => std::fs::read_to_string(Path::new(tables))
                .is_ok_and(|names| names.lines().any(|name| name == "filter")),
        }
    }

    /// The chain to put rules into, if the firewall drops what no rule lets pass.
    fn blocking_chain(&self, filter: &Filter) -> Result<Option<&'static str>, NetworkError> {
        let [docker, forward] = CHAINS;
        if !self.in_use(filter, forward) {
            return Ok(None);
        }
        let drops = match self.tables {
            None => filter.legacy_chain_drops(self.family, forward),
            Some(_) => self
                .list(forward)?
                .is_some_and(|rules| rules.contains("-P FORWARD DROP")),
        };
        let has_docker = match self.tables {
            None => filter.has_legacy_chain(self.family, docker),
            Some(_) => self.list(docker)?.is_some(),
        };
        Ok(drops.then_some(if has_docker { docker } else { forward }))
    }

    /// The rules of a chain; `None` where there is no such chain.
    fn list(&self, chain: &str) -> Result<Option<String>, NetworkError> {
        match call(self.programs, &["-S", chain], "")? {
            Some((ran, _)) => Ok(ran),
            None => Err(self.missing()),
        }
    }

    /// Makes the instance's rules in a chain be these.
    fn bring(
        &self,
        chain: &str,
        wanted: &[String],
        instance: Instance,
    ) -> Result<(), NetworkError> {
        let Some(listing) = self.list(chain)? else {
            return Ok(());
        };
        let mark = mark(instance);
        let present: Vec<_> = listing
            .lines()
            .filter(|rule| rule.contains(&mark))
            .collect();
        let unwanted = present
            .iter()
            .filter(|rule| !wanted.iter().any(|wanted| wanted == **rule))
            .map(|rule| as_action("-D", rule));
        let missing = wanted
            .iter()
            .filter(|rule| !present.contains(&rule.as_str()))
            .map(|rule| as_action("-I", rule));
        let changes: String = unwanted.chain(missing).collect();
        if changes.is_empty() {
            return Ok(());
        }
        self.change(&changes)
    }

    /// Carries out changes of the filter's table in one step.
    fn change(&self, changes: &str) -> Result<(), NetworkError> {
        let text = format!("*filter\n{changes}COMMIT\n");
        match call(self.restorers, &["--noflush"], &text)? {
            Some((Some(_), _)) => Ok(()),
            Some((None, message)) => Err(NetworkError::Filter {
                program: self.restorers[1],
                message,
            }),
            None => Err(self.missing()),
        }
    }

    fn missing(&self) -> NetworkError {
        NetworkError::ProgramMissing {
            program: self.programs[1],
            package: "iptables",
        }
    }
}

/// Runs the first of these programs that is there: its output if it succeeded, and its complaint.
fn call(
    programs: [&'static str; 2],
    arguments: &[&str],
    input: &str,
) -> Result<Option<(Option<String>, String)>, NetworkError> {
    // Another program may hold the firewall's lock for a moment.
    let arguments: Vec<_> = ["-w", "5"].iter().chain(arguments).copied().collect();
    for program in programs {
        if let Some(ran) = run(program, &arguments, input)? {
            return Ok(Some((ran.succeeded.then_some(ran.output), ran.complaint)));
        }
    }
    Ok(None)
}

/// A rule in the form of the listing, `-A CHAIN …`, as a line with another action.
fn as_action(action: &str, rule: &str) -> String {
    format!("{action}{}\n", rule.strip_prefix("-A").unwrap_or(rule))
}

fn mark(instance: Instance) -> String {
    format!("--comment {} ", instance.table())
}

/// The rules as `-S` lists them, in reverse order of how they are to stand.
fn wanted(instance: Instance, chain: &str, uplinks: &[String]) -> Vec<String> {
    let (links, mark) = (instance.link_prefix() + "+", mark(instance));
    let mut rules = vec![format!(
        "-A {chain} -o {links} -m conntrack --ctstate RELATED,ESTABLISHED -m comment {mark}-j ACCEPT"
    )];
    rules.extend(
        uplinks
            .iter()
            .map(|uplink| format!("-A {chain} -i {links} -o {uplink} -m comment {mark}-j ACCEPT")),
    );
    rules
}
