-- One commit of the delivery state: its entry goes behind the one before.
--
-- KEYS state entries
-- ARGV fence, mark before, mark after, number, entry
local state = redis.call('HMGET', KEYS[1], 'fence', 'delivery')
if state[1] ~= ARGV[1] then
    return redis.error_reply('FENCED the shard is held under ' .. (state[1] and state[1] ~= '' and state[1] or 'no fence'))
end
local at = state[2] or '0 00000000'
if at ~= ARGV[2] and at ~= ARGV[3] then
    return redis.error_reply('BEHIND the delivery state is at entry ' .. at)
end
-- Also when this is a repetition: a WAIT behind it then waits for what is repeated.
redis.call('HINCRBY', KEYS[1], 'calls', 1)
if at == ARGV[3] then
    return redis.status_reply('REPEATED')
end
redis.call('XADD', KEYS[2], ARGV[4] .. '-0', 'c', ARGV[5])
redis.call('HSET', KEYS[1], 'delivery', ARGV[3])
return redis.status_reply('OK')
