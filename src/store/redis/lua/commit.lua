-- One commit, whole or not at all: nothing is written before everything is known to fit.
--
-- KEYS state log contacts units keys keys_at; then for each input that is consumed its stream, and behind it the stream
--      of its reply, if it has one
-- ARGV fence, the commit's number, number before, last number, seal before, seal after, bytes, the segment behind it,
--      "begins" when it begins one, the last event that is durable, forget keys decided before, stamp behind an "s"
--      ("": none), how many events, contacts, keys, consumed inputs; then for each event its line; for each contact
--      "person" or "unit", field and value ("": erased); for each key field, instant and value; for each input its
--      stream's name, its entry's id, how much of it is done ("": all), and its reply behind an "r" ("": none)
local before, last = ARGV[3], ARGV[4]
local events, contacts, keys, consumed = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16])
local state = redis.call('HMGET', KEYS[1], 'fence', 'commit', 'last', 'seal', 'partial')
if state[1] ~= ARGV[1] then
    return redis.error_reply('FENCED the shard is held under ' .. (state[1] and state[1] ~= '' and state[1] or 'no fence'))
end
if state[2] == ARGV[2] then
    -- A repetition writes something, too: a WAIT behind it then waits for what is repeated.
    redis.call('HINCRBY', KEYS[1], 'calls', 1)
    return redis.status_reply('REPEATED')
end
if tonumber(state[2]) ~= tonumber(ARGV[2]) - 1 or state[3] ~= before or state[4] ~= ARGV[5] then
    return redis.error_reply('BEHIND the log ends at event ' .. tostring(state[3]))
end
local at = 17 + events + 3 * contacts + 3 * keys
local key = 7
for i = at, at + 4 * (consumed - 1), 4 do
    -- What is gone was lost by a failover, and who sent it may be sending it again: it must not count twice.
    if #redis.call('XRANGE', KEYS[key], ARGV[i + 1], ARGV[i + 1], 'COUNT', 1) == 0 then
        return redis.error_reply('BEHIND entry ' .. ARGV[i + 1] .. ' of stream ' .. ARGV[i] .. ' is gone')
    end
    key = key + (ARGV[i + 3] == '' and 1 or 2)
end

-- Most of the time goes here. A number of less than 15 digits becomes text as it is.
at = 17
local call, log, first = redis.call, KEYS[2], tonumber(before)
for i = 1, events do
    local id = (first + i) .. '-0'
    if i > 1 and i < events then
        call('XADD', log, id, 'e', ARGV[at])
    else
        local entry = {'e', ARGV[at]}
        if i == 1 and ARGV[9] ~= '' then
            entry = {'p', ARGV[5], 'e', ARGV[at]}
        end
        if i == events then
            table.insert(entry, 's')
            table.insert(entry, ARGV[6])
        end
        call('XADD', log, id, unpack(entry))
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
local old = keys > 0 and redis.call('ZRANGEBYSCORE', KEYS[6], '-inf', ARGV[11], 'LIMIT', 0, 2 * keys + 100) or {}
for _, field in ipairs(old) do
    redis.call('HDEL', KEYS[5], field)
    redis.call('ZREM', KEYS[6], field)
end

-- One command a stream, and not one an input: that is most of what a single input costs.
local removed, answered = {}, {}
local function collect(what, stream, value)
    if not what[stream] then
        what[stream] = {}
        table.insert(what, stream)
    end
    table.insert(what[stream], value)
end
local function each_piece(what, run)
    for _, stream in ipairs(what) do
        for i = 1, #what[stream], 1000 do
            run(stream, unpack(what[stream], i, math.min(i + 999, #what[stream])))
        end
    end
end
local partial = state[5] or ''
key = 7
for _ = 1, consumed do
    local entry = ARGV[at] .. ' ' .. ARGV[at + 1] .. ' '
    if ARGV[at + 2] ~= '' then
        partial = entry .. ARGV[at + 2]
    else
        collect(removed, KEYS[key], ARGV[at + 1])
        if string.sub(partial, 1, #entry) == entry then
            partial = ''
        end
    end
    key = key + 1
    if ARGV[at + 3] ~= '' then
        collect(answered, KEYS[key], 'r')
        collect(answered, KEYS[key], string.sub(ARGV[at + 3], 2))
        key = key + 1
    end
    at = at + 4
end
each_piece(removed, function(stream, ...)
    redis.call('XDEL', stream, ...)
end)
each_piece(answered, function(stream, ...)
    redis.call('XADD', stream, '*', ...)
    redis.call('PEXPIRE', stream, 600000)
end)

local fields = {'commit', ARGV[2], 'partial', partial, 'done', ARGV[10]}
if events > 0 then
    for _, field in ipairs({'last', last, 'seal', ARGV[6], 'segment', ARGV[8]}) do
        table.insert(fields, field)
    end
    redis.call('HINCRBY', KEYS[1], 'bytes', ARGV[7])
    redis.call('HINCRBY', KEYS[1], 'segments', ARGV[9] ~= '' and 1 or 0)
end
if ARGV[12] ~= '' then
    table.insert(fields, 'stamp')
    table.insert(fields, string.sub(ARGV[12], 2))
end
redis.call('HSET', KEYS[1], unpack(fields))
return redis.status_reply('OK')
