-- Win32 containers, what they are made of, and what was kept of them. As before, only TEXT and
-- BIGINT, and times in nanoseconds.

CREATE TABLE containers (
    id             TEXT PRIMARY KEY,
    name           TEXT NOT NULL UNIQUE,
    -- The installation (data directory) whose host runs it, and the engine there.
    host           TEXT NOT NULL,
    engine         TEXT NOT NULL,
    state          TEXT NOT NULL,
    spec_version   BIGINT NOT NULL,
    spec           TEXT NOT NULL,
    -- The runtime: the name that it was asked for by, and the digests of its manifest and of its
    -- configuration, which engines know images by.
    runtime_name   TEXT NOT NULL,
    runtime_digest TEXT NOT NULL,
    runtime_image  TEXT NOT NULL,
    -- The layers over the runtime, lowest first, as a JSON array; `reset` keeps the first `base`.
    chain          TEXT NOT NULL,
    base           BIGINT NOT NULL,
    -- The sandbox with its live data, where it has one.
    sandbox_id     TEXT UNIQUE,
    -- The freezing of its sandbox that is under way, and what for.
    freezing       TEXT,
    job_id         TEXT,
    error          TEXT,
    -- Grows with every change.
    revision       BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    changed_at     BIGINT NOT NULL
);

CREATE INDEX containers_by_age ON containers (created_at, id);
CREATE INDEX containers_by_host ON containers (host, state);
CREATE INDEX containers_by_runtime ON containers (runtime_image);

CREATE TABLE container_labels (
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    key          TEXT NOT NULL,
    value        TEXT NOT NULL,
    PRIMARY KEY (container_id, key)
);

CREATE INDEX container_labels_by_key ON container_labels (key, value);

CREATE TABLE snapshots (
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    chain        TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (container_id, name)
);

CREATE TABLE layers (
    id         TEXT PRIMARY KEY,
    host       TEXT NOT NULL,
    engine     TEXT NOT NULL,
    -- making: its engine is asked for it; freezing: a container's sandbox becomes it; present;
    -- removing: its engine is asked to remove it.
    phase      TEXT NOT NULL,
    size       BIGINT NOT NULL,
    -- Kept until then though nothing uses it.
    kept_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX layers_by_host ON layers (host, phase);

-- Who uses a layer: a container's chain (no snapshot's name), or a snapshot of it.
CREATE TABLE layer_uses (
    layer_id     TEXT NOT NULL REFERENCES layers (id),
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    snapshot     TEXT NOT NULL,
    PRIMARY KEY (layer_id, container_id, snapshot)
);

CREATE INDEX layer_uses_by_container ON layer_uses (container_id, snapshot);

-- Requests that may be repeated: what was asked for under a key, and what came of it.
CREATE TABLE idempotency_keys (
    key          TEXT PRIMARY KEY,
    fingerprint  TEXT NOT NULL,
    container_id TEXT NOT NULL,
    created_at   BIGINT NOT NULL
);
