//! The environment variables that the backend reads: each is declared here, once.

/// An environment variable.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is set to where it is missing, as the docs show it.
    pub default: &'static str,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
}

/// The database.
pub const DATABASE_URL: Variable = Variable {
    name: "DATABASE_URL",
    default: "`postgres://containers:containers@localhost:5432/containers`",
    doc: "The database: `postgres://…` (14 or later) or `sqlite://…`. Where it is unset and no such \
          PostgreSQL answers, the backend says so and keeps everything in `ctnr.db` in the data \
          directory. A data directory stays with the database it was first used with until the \
          variable names another.",
};

/// The carrier of jobs.
pub const REDIS_URL: Variable = Variable {
    name: "REDIS_URL",
    default: "unset",
    doc: "Redis (7 or later), as in `redis://localhost:6379`: carries jobs to workers, takes requests \
          on the list `containers:create`, and wakes replicas. Without it jobs and events are found by \
          polling. `docs/queues.md` has more.",
};

/// How other processes of the platform reach this one.
pub const INTERNAL_URL: Variable = Variable {
    name: "CONTAINERS_INTERNAL_URL",
    default: "`http://` and the address of `CONTAINERS_HTTP_ADDR`, on loopback where that is unspecified",
    doc: "The address at which workers and other backends reach this backend, as in \
          `http://10.0.0.5:8080`. Set it where they are on other machines.",
};

/// How many jobs a worker has under way.
pub const WORKER_JOBS: Variable = Variable {
    name: "CONTAINERS_WORKER_JOBS",
    default: "`4`",
    doc: "How many jobs one worker has under way at once.",
};

/// Where the API listens.
pub const HTTP_ADDR: Variable = Variable {
    name: "CONTAINERS_HTTP_ADDR",
    default: "`0.0.0.0:8080`",
    doc: "The address and port of the API. Without a key, only peers on this machine are served, whatever \
          the address.",
};

/// Where gRPC listens.
pub const GRPC_ADDR: Variable = Variable {
    name: "CONTAINERS_GRPC_ADDR",
    default: "`0.0.0.0:50051`",
    doc: "The address and port of gRPC, as `docs/grpc.md` describes it, or `off`. Who may call is as \
          for `CONTAINERS_HTTP_ADDR`. Where it is unset and the port is taken, the backend says so \
          and serves no gRPC.",
};

/// The key to the API.
pub const API_KEY: Variable = Variable {
    name: "CONTAINERS_API_KEY",
    default: "unset",
    doc: "The root key, which may do everything. Where it is set, every request has to carry it or a key \
          that was made with `ctnr key create` in `X-API-Key`; where it is not, those on this machine need \
          none.",
};

/// Where everything is kept.
pub const DATA_DIR: Variable = Variable {
    name: "CONTAINERS_DATA_DIR",
    default: "`/var/lib/ctnr` for root, else `$XDG_DATA_HOME/ctnr` or `~/.local/share/ctnr`",
    doc: "The directory for images, sandboxes and the embedded database. One backend owns it at a \
          time.",
};

/// The engine for requests that name none.
pub const ENGINE: Variable = Variable {
    name: "CONTAINERS_ENGINE",
    default: "the first that this host has: `native`, `docker`",
    doc: "The engine of sandboxes that name none: `native` or `docker`.",
};

/// The addresses of native sandboxes.
pub const SUBNET: Variable = Variable {
    name: "CONTAINERS_SUBNET",
    default: "the first free one of `10.201.0.0/16` to `10.250.0.0/16`",
    doc: "The private IPv4 network, of size /16, that the native engine takes the addresses of \
          sandboxes from. Name one where those of the default are in use on your network.",
};

/// Whose pages may call the API.
pub const ALLOWED_ORIGINS: Variable = Variable {
    name: "CONTAINERS_ALLOWED_ORIGINS",
    default: "unset",
    doc: "Origins, separated by commas, whose pages may call the API from a browser, as in \
          `https://panel.example.com`. Pages of the API's own origin always may.",
};

/// The origins of proxied ports.
pub const PROXY_DOMAIN: Variable = Variable {
    name: "CONTAINERS_PROXY_DOMAIN",
    default: "unset",
    doc: "A domain whose subdomains lead to this backend (wildcard DNS): port 3000 of the sandbox \
          `my-app` is then served at `3000--my-app.DOMAIN`, an origin of its own. Below `localhost` \
          that works without it.",
};

/// How many requests a client may send.
pub const RATE_LIMIT: Variable = Variable {
    name: "CONTAINERS_RATE_LIMIT",
    default: "`2000`",
    doc: "Requests a second that one client address, or one key without a rate of its own, may send; `0` \
          for no limit. What is above gets 429 with `Retry-After`.",
};

/// The folders of the host that containers may be given.
pub const HOST_FOLDERS: Variable = Variable {
    name: "CONTAINERS_HOST_FOLDERS",
    default: "unset",
    doc: "Folders of the host, separated by colons, below which Win32 containers may be given folders \
          (`merged`, `write-copy`). Unset, none.",
};

/// What is logged.
pub const LOG: Variable = Variable {
    name: "CONTAINERS_LOG",
    default: "`info`",
    doc: "What is logged to standard error: `error`, `warn`, `info`, `debug` or `trace`, also by \
          module, as in `info,backend::http=debug`.",
};

/// The form of the log.
pub const LOG_FORMAT: Variable = Variable {
    name: "CONTAINERS_LOG_FORMAT",
    default: "`text`",
    doc: "The form of the log: `text` for people, `json` for programs.",
};

/// All of them, in the order of the docs.
pub const ALL: [Variable; 16] = [
    DATABASE_URL,
    REDIS_URL,
    HTTP_ADDR,
    GRPC_ADDR,
    API_KEY,
    DATA_DIR,
    ENGINE,
    SUBNET,
    RATE_LIMIT,
    ALLOWED_ORIGINS,
    PROXY_DOMAIN,
    HOST_FOLDERS,
    INTERNAL_URL,
    WORKER_JOBS,
    LOG,
    LOG_FORMAT,
];

/// The table of the docs.
pub fn table() -> String {
    let mut table = String::from("| Variable | Default | What it does |\n| --- | --- | --- |\n");
    for Variable { name, default, doc } in ALL {
        table += &format!("| `{name}` | {default} | {doc} |\n");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_docs_hold_the_table() {
        let docs = include_str!("../../../docs/settings.md");
        let begin = "<!-- begin: cargo run -p backend -- env -->\n";
        let end = "<!-- end -->";
        let held = docs
            .split_once(begin)
            .and_then(|(_, rest)| rest.split_once(end))
            .map(|(held, _)| held);
        assert_eq!(
            held,
            Some(table().as_str()),
            "docs/settings.md is stale: put the output of `cargo run -p backend -- env` between its markers"
        );
    }

    #[test]
    fn the_variables_of_this_product_share_a_prefix() {
        for variable in ALL {
            let own = variable.name.starts_with("CONTAINERS_");
            let usual = ["DATABASE_URL", "REDIS_URL"].contains(&variable.name);
            assert!(own || usual, "{}", variable.name);
        }
    }
}
