-- The same text serves SQLite and PostgreSQL, so only TEXT and BIGINT are used. Times are
-- nanoseconds since 1970 in UTC.

-- Facts about the database itself: its id.
CREATE TABLE facts (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE sandboxes (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    -- The installation (data directory) whose host runs it.
    host         TEXT NOT NULL,
    engine       TEXT NOT NULL,
    -- creating: recorded, and not acknowledged; present; deleting: acknowledged as to be removed.
    phase        TEXT NOT NULL,
    spec_version BIGINT NOT NULL,
    spec         TEXT NOT NULL,
    state        TEXT NOT NULL,
    pid          BIGINT,
    started_at   BIGINT,
    finished_at  BIGINT,
    exit_code    BIGINT,
    exit_signal  BIGINT,
    oom_killed   BIGINT,
    ports        TEXT NOT NULL,
    image_id     TEXT,
    created_at   BIGINT NOT NULL
);

CREATE INDEX sandboxes_by_age ON sandboxes (created_at, id);
CREATE INDEX sandboxes_by_host ON sandboxes (host, engine);

CREATE TABLE sandbox_labels (
    sandbox_id TEXT NOT NULL REFERENCES sandboxes (id) ON DELETE CASCADE,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL,
    PRIMARY KEY (sandbox_id, key)
);

CREATE INDEX sandbox_labels_by_key ON sandbox_labels (key, value);

-- The number of the latest event. Its row lock orders the transactions that append events, so
-- that a reader who sees an event has seen all before it.
CREATE TABLE event_head (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL
);

INSERT INTO event_head (id, sequence) VALUES (1, 0);

CREATE TABLE events (
    sequence   BIGINT PRIMARY KEY,
    time       BIGINT NOT NULL,
    subject    TEXT NOT NULL,
    action     TEXT NOT NULL,
    id         TEXT NOT NULL,
    attributes TEXT NOT NULL
);
