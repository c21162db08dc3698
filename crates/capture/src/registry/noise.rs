//! What of the registry changes by itself.

use super::hive::HiveKind;

/// Keys, folded, that Wine writes by itself, with all below them: devices, which are found anew at
/// each start, and what it notes of fonts and menus.
const OF_MACHINE: [&str; 11] = [
    r"system\controlset001\control\class",
    r"system\controlset001\control\deviceclasses",
    r"system\controlset001\control\video",
    r"system\controlset001\enum",
    r"system\controlset001\hardware profiles",
    r"system\currentcontrolset",
    r"hardware",
    r"software\microsoft\windows\currentversion\fonts",
    r"software\microsoft\windows nt\currentversion\fonts",
    r"software\wine\menufiles",
    r"software\microsoft\windows nt\currentversion\perflib",
];
const OF_USERS: [&str; 5] = [
    r"software\wine\fonts",
    r"software\wine\menufiles",
    r"software\wine\wow64",
    r"software\microsoft\windows\currentversion\explorer\sessioninfo",
    "volatile environment",
];

/// Whether a key, given by its folded path, is noise.
pub(super) fn is_noise(hive: HiveKind, folded: &str) -> bool {
    let list: &[&str] = match hive {
        HiveKind::Machine => &OF_MACHINE,
        HiveKind::User | HiveKind::DefaultUser => &OF_USERS,
    };
    list.iter().any(|noise| {
        folded
            .strip_prefix(noise)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('\\'))
    })
}
