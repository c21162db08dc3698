-- What installers have left in containers.

-- The job whose installer runs in the container: nobody else changes it meanwhile.
ALTER TABLE containers ADD COLUMN capture TEXT;

CREATE TABLE captures (
    -- The layer that the installer's files became.
    layer_id   TEXT PRIMARY KEY REFERENCES layers (id) ON DELETE CASCADE,
    -- A job makes one at most.
    job_id     TEXT NOT NULL UNIQUE,
    -- What was found: the installer, the product, the registry delta, as JSON.
    document   TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
