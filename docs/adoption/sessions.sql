-- Live sessions of an application that keeps the SHA-256 of its session keys, for `exeunt session import -`.
-- Where the keys themselves are kept: s.key AS token.
COPY (
    SELECT encode(s.key_sha256, 'hex') AS token_sha256, u.email, s.created_at AS issued_at,
           s.last_seen_at, s.expires_at, s.user_agent, host(s.address) AS address
    FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE s.ended_at IS NULL AND s.expires_at > now()
    ORDER BY s.id
) TO STDOUT WITH (FORMAT csv, HEADER true);
