-- Jobs, and those who do them. As before, only TEXT and BIGINT, and times in nanoseconds.

CREATE TABLE jobs (
    id              TEXT PRIMARY KEY,
    kind            TEXT NOT NULL,
    payload         TEXT NOT NULL,
    state           TEXT NOT NULL,
    -- Higher ones come first.
    priority        BIGINT NOT NULL,
    -- How often it was begun, and how often it may be.
    attempts        BIGINT NOT NULL,
    max_attempts    BIGINT NOT NULL,
    -- Nobody begins it before.
    run_at          BIGINT NOT NULL,
    -- Who works on it, under which fencing token, until when unless it is prolonged. The token
    -- grows with every claim, so that one who has lost the lease can be told from the holder.
    holder          TEXT,
    fence           BIGINT NOT NULL,
    lease_until     BIGINT,
    cancel          BIGINT NOT NULL,
    progress        TEXT,
    result          TEXT,
    error           TEXT,
    idempotency_key TEXT,
    -- The installation whose host it needs; any where it is missing.
    host            TEXT,
    container_id    TEXT,
    -- Grows with every change that is shown.
    revision        BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    started_at      BIGINT,
    finished_at     BIGINT,
    UNIQUE (kind, idempotency_key)
);

CREATE INDEX jobs_by_turn ON jobs (state, priority, run_at);
CREATE INDEX jobs_by_age ON jobs (created_at, id);
CREATE INDEX jobs_by_container ON jobs (container_id);

-- The installations, and how the backend that holds one is reached by workers and other backends.
CREATE TABLE hosts (
    installation TEXT PRIMARY KEY,
    url          TEXT NOT NULL,
    secret       TEXT NOT NULL,
    last_seen    BIGINT NOT NULL
);

-- The workers that are at work.
CREATE TABLE workers (
    id        TEXT PRIMARY KEY,
    name      TEXT NOT NULL,
    last_seen BIGINT NOT NULL
);
