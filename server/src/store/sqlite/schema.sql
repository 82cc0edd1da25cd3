-- The schema as it is now, all migrations taken. Only for reading: a test compares it with a migrated database.

-- Small facts about the whole store.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- The log of marks: appended in the order of stamps, never changed. A session's own mark is in no index: a random key
-- would cost more than all the rest (docs/decisions/0004-marks-without-an-index.md).
CREATE TABLE marks (
    stamp INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    anchor BLOB NOT NULL,
    realm BLOB NOT NULL,
    why INTEGER NOT NULL,
    by BLOB,
    via TEXT NOT NULL,
    source BLOB,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX marks_pulled ON marks (kind, anchor, stamp) WHERE kind <> 3;

-- Sessions in the order of issue, never changed. A session without a token has its id in that place: sixteen bytes, which
-- no fingerprint has.
CREATE TABLE sessions (
    place INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    token BLOB NOT NULL UNIQUE,
    stamp INTEGER NOT NULL,
    anchors BLOB NOT NULL,
    issued_at INTEGER NOT NULL,
    idle_secs INTEGER NOT NULL,
    absolute_secs INTEGER NOT NULL,
    door TEXT NOT NULL,
    source BLOB,
    user_agent TEXT
, granted TEXT) STRICT;

-- Which sessions hang from a user, a client, a consent or another session, a parent's anchors included.
CREATE TABLE hangs (
    kind INTEGER NOT NULL,
    anchor BLOB NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (kind, anchor, place)
) STRICT, WITHOUT ROWID;

-- When a session was seen: appended first, folded later.
CREATE TABLE touches (
    number INTEGER PRIMARY KEY,
    place INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE seen (
    place INTEGER PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;

-- Columns that were added later stand where ALTER TABLE puts them.
CREATE TABLE realms (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
, usernames TEXT NOT NULL DEFAULT 'exact', version INTEGER NOT NULL DEFAULT 1) STRICT;

CREATE TABLE users (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    realm BLOB NOT NULL,
    username TEXT,
    email TEXT,
    account_number TEXT,
    password TEXT,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    data TEXT NOT NULL,
    disabled INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

-- What users log in with, in the form that is compared. Of a user name also its form without case; of a user name or an
-- e-mail address what it looks like, and whether it is ASCII.
CREATE TABLE identifiers (
    realm BLOB NOT NULL,
    field TEXT NOT NULL,
    key TEXT NOT NULL,
    user INTEGER NOT NULL, folded TEXT, look TEXT, plain INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (realm, field, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX identifiers_folded ON identifiers (realm, folded) WHERE folded IS NOT NULL;
CREATE INDEX identifiers_look ON identifiers (realm, look, plain) WHERE look IS NOT NULL;

CREATE TABLE clients (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    realm BLOB NOT NULL,
    name TEXT NOT NULL,
    door TEXT NOT NULL,
    builtin INTEGER NOT NULL,
    idle_secs INTEGER NOT NULL,
    absolute_secs INTEGER NOT NULL,
    sessions_max INTEGER NOT NULL,
    settings TEXT NOT NULL,
    project_key TEXT,
    removed INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    realm BLOB,
    fingerprint BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

-- Changes other than marks. A place is never given twice.
CREATE TABLE audit (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    realm BLOB,
    by BLOB,
    via TEXT NOT NULL,
    source BLOB,
    what TEXT NOT NULL,
    subject TEXT NOT NULL
) STRICT;

-- Tokens of another system whose sessions were adopted, kept for good: none is adopted twice, so that a list that is
-- read again revives nobody who was logged out here.
CREATE TABLE adopted (
    token BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Which client still makes which call of a legacy dialect, how often, and when last. Client: 16 zero bytes where nobody
-- knows.
CREATE TABLE usage (
    realm BLOB NOT NULL,
    dialect TEXT NOT NULL,
    call TEXT NOT NULL,
    client BLOB NOT NULL,
    count INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (realm, dialect, call, client)
) STRICT, WITHOUT ROWID;

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
