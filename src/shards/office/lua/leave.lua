-- Takes a daemon off the list, unless another has its name by now.
--
-- KEYS members
-- ARGV name, instance
local word = redis.call('HGET', KEYS[1], ARGV[1])
if not word or string.match(word, '^%d+ (%S+)') ~= ARGV[2] then
    return 0
end
return redis.call('HDEL', KEYS[1], ARGV[1])
