-- One page of the live sessions that express-session keeps in Redis with connect-redis, as JSON lines for
-- `exeunt session import`. Run by express-redis.sh.
-- ARGV: cursor, prefix of the keys, the member of a session that tells whose it is (a.b for a member of a member), the
-- column that it goes into, the store's ttl.
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2] .. '*', 'COUNT', 1000)
local now = tonumber(redis.call('TIME')[1])
local lines = { page[1] }
for _, key in ipairs(page[2]) do
    local value = redis.call('GET', key)
    local left = math.floor(redis.call('PTTL', key) / 1000)
    local known, session = pcall(cjson.decode, value or '')
    local user = known and session or nil
    for member in string.gmatch(ARGV[3], '[^.]+') do
        user = type(user) == 'table' and user[member] or nil
    end
    -- Sessions of nobody are nothing to be logged out of. What expired meanwhile has no time left.
    if (type(user) == 'string' or type(user) == 'number') and left > 0 then
        -- connect-redis resets the time to live with each use: to that of the cookie, or to that of the store.
        local idle = tonumber(ARGV[5])
        if type(session.cookie) == 'table' and type(session.cookie.originalMaxAge) == 'number' then
            idle = math.floor(session.cookie.originalMaxAge / 1000)
        end
        idle = math.max(idle, left)
        lines[#lines + 1] = cjson.encode({
            token = string.sub(key, #ARGV[2] + 1),
            [ARGV[4]] = type(user) == 'number' and string.format('%.17g', user) or user,
            last_seen_at = now - (idle - left),
            idle_secs = idle,
            absolute_secs = 0,
        })
    end
end
return lines
