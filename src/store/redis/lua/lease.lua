-- Takes the shard, or keeps it. What is answered is the fence that every write of the holder has to show: a number that
-- only grows, and the holder's name, in case a failover forgot a number. A new holder's commits are numbered anew.
--
-- KEYS state lease
-- ARGV holder, for how many milliseconds, the fence that was given ("": a new one is wanted), the last event that is
--      durable ("": that is not known)
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then
    return redis.error_reply('HELD ' .. holder)
end
-- A first write that takes no memory, and here changes nothing: those behind it are not refused for want of it, so that
-- a server that is full can be emptied.
redis.call('HDEL', KEYS[1], 'none')
local fence = ARGV[3]
if fence == '' then
    fence = redis.call('HINCRBY', KEYS[1], 'token', 1) .. ':' .. ARGV[1]
    redis.call('HSET', KEYS[1], 'fence', fence, 'commit', '0')
elseif redis.call('HGET', KEYS[1], 'fence') ~= fence then
    return redis.error_reply('FENCED the shard was taken by another')
end
if ARGV[4] ~= '' and tonumber(ARGV[4]) > tonumber(redis.call('HGET', KEYS[1], 'done')) then
    redis.call('HSET', KEYS[1], 'done', ARGV[4])
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return fence
