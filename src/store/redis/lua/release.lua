-- Gives the shard back, if it is still the caller's.
--
-- KEYS state lease
-- ARGV fence, the last event that is durable
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
    return 0
end
local had = redis.call('DEL', KEYS[2]) -- first, or a server without memory refuses the rest
if tonumber(ARGV[2]) > tonumber(redis.call('HGET', KEYS[1], 'done')) then
    redis.call('HSET', KEYS[1], 'done', ARGV[2])
end
redis.call('HSET', KEYS[1], 'fence', '')
return had
