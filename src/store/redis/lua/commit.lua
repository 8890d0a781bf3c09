-- One commit, whole or not at all: nothing is written before everything is known to fit.
--
-- KEYS state log contacts units keys keys_at
-- ARGV fence, number before, last number, seal before, seal after, bytes, forget keys decided before, stamp behind an "s"
--      ("": none), how many events, contacts, keys; then for each event its line; for each contact "person" or "unit",
--      field and value ("": erased); for each key field, instant and value
local before, last, events, contacts, keys = ARGV[2], ARGV[3], tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local state = redis.call('HMGET', KEYS[1], 'fence', 'last', 'seal')
if state[1] ~= ARGV[1] then
    return redis.error_reply('FENCED the shard is held under ' .. tostring(state[1]))
end
local repeated = events > 0 and state[2] == last and state[3] == ARGV[5]
if not repeated and (state[2] ~= before or state[3] ~= ARGV[4]) then
    return redis.error_reply('BEHIND the log ends at event ' .. tostring(state[2]))
end
-- Also when this is a repetition: a WAIT behind it then waits for what is repeated.
redis.call('HINCRBY', KEYS[1], 'calls', 1)
if repeated then
    return redis.status_reply('REPEATED')
end
local at = 12
for i = 1, events do
    local id = string.format('%.0f-0', tonumber(before) + i)
    if i < events then
        redis.call('XADD', KEYS[2], id, 'e', ARGV[at])
    else
        redis.call('XADD', KEYS[2], id, 'e', ARGV[at], 's', ARGV[5])
    end
    at = at + 1
end
for _ = 1, contacts do
    local rows = ARGV[at] == 'unit' and KEYS[4] or KEYS[3]
    if ARGV[at + 2] == '' then
        redis.call('HDEL', rows, ARGV[at + 1])
    else
        redis.call('HSET', rows, ARGV[at + 1], ARGV[at + 2])
    end
    at = at + 3
end
for _ = 1, keys do
    redis.call('HSET', KEYS[5], ARGV[at], ARGV[at + 2])
    redis.call('ZADD', KEYS[6], ARGV[at + 1], ARGV[at])
    at = at + 3
end
-- A bounded number of old keys at a time.
local old = keys > 0 and redis.call('ZRANGEBYSCORE', KEYS[6], '-inf', ARGV[7], 'LIMIT', 0, 2 * keys + 100) or {}
for _, field in ipairs(old) do
    redis.call('HDEL', KEYS[5], field)
    redis.call('ZREM', KEYS[6], field)
end
if events > 0 then
    redis.call('HSET', KEYS[1], 'last', last, 'seal', ARGV[5])
    redis.call('HINCRBY', KEYS[1], 'bytes', ARGV[6])
end
if ARGV[8] ~= '' then
    redis.call('HSET', KEYS[1], 'stamp', string.sub(ARGV[8], 2))
end
return redis.status_reply('OK')
