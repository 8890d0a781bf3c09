-- The log up to an event stands in the archive folder now, and is verified: it leaves the stream.
--
-- KEYS state log
-- ARGV fence, the event's number, "NUMBER SEAL", the first number that stays
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
    return redis.error_reply('FENCED the shard was taken by another')
end
-- First of all, what is done without memory: after it the rest is not refused for want of it.
local trimmed = redis.call('XTRIM', KEYS[2], 'MINID', '=', ARGV[4] .. '-0')
local moved = string.match(redis.call('HGET', KEYS[1], 'moved'), '^%d+') or '0'
if tonumber(ARGV[2]) > tonumber(moved) then
    redis.call('HSET', KEYS[1], 'moved', ARGV[3])
end
redis.call('HINCRBY', KEYS[1], 'calls', 1)
return trimmed
