-- What OAuth keeps. No row that is there is rewritten.

-- Of a session that is a grant: what was granted.
ALTER TABLE sessions ADD COLUMN granted TEXT;

-- The last use of a refresh token or of a browser's cookie.
CREATE TABLE generations (
    place INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    source BLOB,
    sealed_with INTEGER NOT NULL,
    thumbprint BLOB,
    doubled INTEGER NOT NULL,
    is_doubled INTEGER NOT NULL,
    proof_at INTEGER,
    proof_how TEXT
) STRICT;

-- The last session of each client and set of scopes and resources that the client asked for itself.
CREATE TABLE soles (
    key BLOB PRIMARY KEY,
    place INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What users have allowed clients. A version is never given twice, so nothing is written over a consent that was
-- withdrawn and given again.
CREATE TABLE consents (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    realm BLOB NOT NULL,
    user BLOB NOT NULL,
    client BLOB NOT NULL,
    scopes TEXT NOT NULL,
    resources TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX consents_user ON consents (user, version);

-- Sealing keys, encrypted under a secret that is not in here (docs/decisions/0027-sealing-keys-at-rest.md).
CREATE TABLE sealing_keys (
    realm BLOB NOT NULL,
    number INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (realm, number)
) STRICT, WITHOUT ROWID;
