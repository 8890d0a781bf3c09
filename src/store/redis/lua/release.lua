-- Gives the shard back, if it is still the caller's.
--
-- KEYS state lease
-- ARGV fence
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
    return 0
end
redis.call('HSET', KEYS[1], 'fence', '')
return redis.call('DEL', KEYS[2])
