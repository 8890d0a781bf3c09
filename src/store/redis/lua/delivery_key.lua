-- The key under which a shard that belongs to no set hashes phone numbers: the first one that was given.
--
-- KEYS state
-- ARGV fence, key
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
    return redis.error_reply('FENCED the shard was taken by another')
end
-- Written also when it is there already: a WAIT behind it then waits for it.
redis.call('HINCRBY', KEYS[1], 'calls', 1)
redis.call('HSETNX', KEYS[1], 'delivery key', ARGV[2])
return redis.call('HGET', KEYS[1], 'delivery key')
