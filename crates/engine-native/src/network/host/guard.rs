//! The nft table that keeps the host from becoming a router between its own interfaces, only
//! because sandboxes needed them to be opened. It is the host's once, as the settings are.

use super::filter::Filter;
use super::rules::hash;
use crate::network::NetworkError;

/// Its name, which is no engine's.
const TABLE: &str = "ctnr_guard";

/// Makes the table be right for these interfaces; without any there is none.
pub(super) fn bring(opened: &[String], filter: &mut Filter) -> Result<(), NetworkError> {
    if opened.is_empty() {
        return filter.remove_table(TABLE);
    }
    let rule = rule(opened);
    let mark = format!("opened_{:016x}", hash(&rule));
    filter.put(TABLE, &mark, &rule)
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
