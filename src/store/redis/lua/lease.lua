-- Takes the shard, or keeps it. What is answered is the fence that every write of the holder has to show: a number that
-- only grows, and the holder's name, in case a failover forgot a number.
--
-- KEYS state lease
-- ARGV holder, for how many milliseconds, the fence that was given ("": a new one is wanted)
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then
    return redis.error_reply('HELD ' .. holder)
end
local fence = ARGV[3]
if fence == '' then
    fence = redis.call('HINCRBY', KEYS[1], 'token', 1) .. ':' .. ARGV[1]
    redis.call('HSET', KEYS[1], 'fence', fence)
elseif redis.call('HGET', KEYS[1], 'fence') ~= fence then
    return redis.error_reply('FENCED the shard was taken by another')
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return fence
