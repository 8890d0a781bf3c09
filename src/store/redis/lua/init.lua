-- Makes a shard's store, unless there is one. An empty one of the same incarnation was made by the same call, sent
-- twice.
--
-- KEYS state lease
-- ARGV incarnation, simulated (0 or 1), version
local holder = redis.call('GET', KEYS[2])
if holder then
    return redis.error_reply('HELD ' .. holder)
end
local there = redis.call('HMGET', KEYS[1], 'version', 'incarnation', 'last')
if there[1] == ARGV[3] and there[2] == ARGV[1] and there[3] == '0' then
    redis.call('HINCRBY', KEYS[1], 'calls', 1)
    return 1
end
if redis.call('EXISTS', KEYS[1]) == 1 then
    return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[3], 'incarnation', ARGV[1], 'simulated', ARGV[2], 'last', '0',
    'seal', string.rep('0', 64), 'bytes', '0', 'segment', '', 'segments', '0', 'moved', '', 'done', '0')
return 1
