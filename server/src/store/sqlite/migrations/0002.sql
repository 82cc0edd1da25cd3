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
