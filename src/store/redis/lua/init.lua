-- Makes a shard's store, unless there is one.
--
-- KEYS state lease
-- ARGV incarnation, simulated (0 or 1), version
local holder = redis.call('GET', KEYS[2])
if holder then
    return redis.error_reply('HELD ' .. holder)
end
if redis.call('EXISTS', KEYS[1]) == 1 then
    return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[3], 'incarnation', ARGV[1], 'simulated', ARGV[2], 'last', '0',
    'seal', string.rep('0', 64), 'bytes', '0')
return 1
