//! The environment variables that `ctnr` reads, each with its meaning.

/// A variable: its name, and what it is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
}

/// The backend's address.
pub(crate) const URL: Variable = Variable {
    name: "CONTAINERS_URL",
    meaning: "where the backend answers, as --host",
};

/// The backend's API key. There is no option for it, since every user of a host sees the
/// arguments of its programs.
pub(crate) const API_KEY: Variable = Variable {
    name: "CONTAINERS_API_KEY",
    meaning: "the API key to send, where the backend wants one",
};

/// Turns colours off (no-color.org).
pub(crate) const NO_COLOR: Variable = Variable {
    name: "NO_COLOR",
    meaning: "no colours, whatever it is set to",
};

/// All of them, for the help.
const ALL: [Variable; 3] = [URL, API_KEY, NO_COLOR];

/// The help's paragraph about them.
pub(crate) fn help() -> String {
    let mut text = String::from("Environment:\n");
    for variable in ALL {
        text.push_str(&format!("  {:<20} {}\n", variable.name, variable.meaning));
    }
    text.push_str(
        "\nExit codes:\n  0 done; 125 ctnr itself failed; 130 Ctrl-C.\n  `ctnr sandbox exec` gives the command's own: 126 can't be run, 127 not found,\n  128 and the number of the signal that ended it.",
    );
    text
}

/// The value of a variable that is set to something.
pub(crate) fn value(variable: Variable) -> Option<String> {
    std::env::var(variable.name)
        .ok()
        .filter(|value| !value.is_empty())
}
