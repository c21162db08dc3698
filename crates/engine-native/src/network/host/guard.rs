//! The nft table that keeps the host from becoming a router between its own interfaces, only
//! because sandboxes needed them to be opened. It is the host's once, as the settings are.

use super::filter::{Filter, Table};
use super::rules::hash;
use crate::network::NetworkError;

/// Its name, which is no engine's.
const TABLE: &str = "ctnr_guard";

/// The table for these interfaces; without any there is none.
pub(super) fn wanted(opened: &[String]) -> Option<Table> {
    if opened.is_empty() {
        return None;
    }
    let chains = rule(opened);
    Some(Table {
        name: TABLE.to_owned(),
        mark: format!("opened_{:016x}", hash(&chains)),
        chains,
    })
}

/// Removes the table, if it is there.
pub(super) fn remove(filter: &mut Filter) -> Result<(), NetworkError> {
    filter.remove_table(TABLE)
}

fn rule(opened: &[String]) -> String {
    let names: Vec<_> = opened.iter().map(|name| format!("\"{name}\"")).collect();
    let names = names.join(", ");
    format!(
        "\tchain forwarded {{
\t\ttype filter hook forward priority filter; policy accept;
\t\tiifname {{ {names} }} oifname {{ {names} }} drop
\t}}
"
    )
}
