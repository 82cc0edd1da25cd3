-- How user names are compared, and how often a realm was changed.
ALTER TABLE realms ADD COLUMN usernames TEXT NOT NULL DEFAULT 'exact';
ALTER TABLE realms ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

-- Of a user name: its form without case. Of a user name or an e-mail address: what it looks like, and whether it is
-- ASCII. Written for those that are there by the step in identifiers.rs.
ALTER TABLE identifiers ADD COLUMN folded TEXT;
ALTER TABLE identifiers ADD COLUMN look TEXT;
ALTER TABLE identifiers ADD COLUMN plain INTEGER NOT NULL DEFAULT 1;
CREATE INDEX identifiers_folded ON identifiers (realm, folded) WHERE folded IS NOT NULL;
CREATE INDEX identifiers_look ON identifiers (realm, look, plain) WHERE look IS NOT NULL;

-- An empty list of origins allowed all of them. Now it allows none, and whoever had one keeps what it meant.
UPDATE clients SET settings = json_set(settings, '$.any_origin', json('true'))
    WHERE json_extract(settings, '$.kind') = 'project' AND json_array_length(settings, '$.allowed_origins') = 0;
