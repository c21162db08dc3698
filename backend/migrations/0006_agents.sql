-- The agents that report for hosts, by the installation that they report for.

CREATE TABLE agents (
    installation TEXT PRIMARY KEY,
    -- The name of the host, which is not unique.
    name         TEXT NOT NULL,
    -- What it reported, as JSON.
    report       TEXT NOT NULL,
    enrolled_at  BIGINT NOT NULL,
    last_seen    BIGINT NOT NULL,
    -- Unset while it is there, as far as it has said.
    left_at      BIGINT
);
