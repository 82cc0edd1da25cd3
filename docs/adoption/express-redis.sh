#!/bin/sh
# Prints the live sessions that express-session keeps in Redis, for `exeunt session import -`.
# REDIS_URL: the Redis (redis://127.0.0.1:6379); REDISCLI_AUTH: its password; PREFIX: of the keys (sess:);
# USER_FIELD: the member of a session that tells whose it is (userId; with Passport passport.user); USER_COLUMN: what
# that is in Exeunt (username; or account_number, email, user); TTL: the store's option ttl, in seconds (86400).
set -eu
here=$(dirname "$0")
cursor=0
while :; do
    page=$(redis-cli -e --raw -u "${REDIS_URL:-redis://127.0.0.1:6379}" --eval "$here/express-redis.lua" , \
        "$cursor" "${PREFIX:-sess:}" "${USER_FIELD:-userId}" "${USER_COLUMN:-username}" "${TTL:-86400}")
    printf '%s\n' "$page" | tail -n +2
    cursor=$(printf '%s\n' "$page" | head -n 1)
    [ "$cursor" != 0 ] || break
done
