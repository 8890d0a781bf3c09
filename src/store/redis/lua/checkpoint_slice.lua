-- Adds a slice to the checkpoint that is being written. Number: how many there were; a repetition adds nothing.
--
-- KEYS state slices
-- ARGV fence, number, bytes
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
    return redis.error_reply('FENCED the shard was taken by another')
end
if ARGV[2] == '0' then
    redis.call('DEL', KEYS[2])
end
local there = redis.call('LLEN', KEYS[2])
if there == tonumber(ARGV[2]) then
    redis.call('RPUSH', KEYS[2], ARGV[3])
elseif there ~= tonumber(ARGV[2]) + 1 then
    return redis.error_reply('ORDER there are ' .. there .. ' slices')
end
return redis.status_reply('OK')
