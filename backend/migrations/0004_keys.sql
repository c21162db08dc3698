-- The keys to the API that are made at run time.

CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    -- The SHA-256 of the whole key, in URL-safe base64. The key itself is nowhere.
    hash         TEXT NOT NULL,
    -- Scopes with a space between each two.
    scopes       TEXT NOT NULL,
    -- Requests a second, and how many at once; unset for those of the settings.
    rate         BIGINT,
    burst        BIGINT,
    -- Who made it.
    created_by   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    -- Unset for one that lasts until it is revoked.
    expires_at   BIGINT,
    -- About when it was last used; written now and then.
    last_used_at BIGINT
);

-- Counts the keys that were made and revoked, in the transaction that does it, so that a process
-- that has read the keys sees by one number that they are others.
CREATE TABLE api_keys_revision (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    revision BIGINT NOT NULL
);

INSERT INTO api_keys_revision (id, revision) VALUES (1, 0);
