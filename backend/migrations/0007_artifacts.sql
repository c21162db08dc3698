-- Layers of portable containers by their packed bytes, so that none is unpacked or sent twice.

CREATE TABLE layer_blobs (
    layer_id TEXT PRIMARY KEY REFERENCES layers (id) ON DELETE CASCADE,
    -- The digest and the length of the packed bytes, and the length of the plain tar, where that
    -- is known.
    digest   TEXT NOT NULL,
    size     BIGINT NOT NULL,
    unpacked BIGINT
);

CREATE INDEX layer_blobs_by_digest ON layer_blobs (digest);
