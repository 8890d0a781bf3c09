-- Begins a set of shards, or goes on with one that was begun alike. Answered with its incarnation and key.
--
-- KEYS set
-- ARGV version, shards, incarnation, simulated (0 or 1), key
local there = redis.call('HMGET', KEYS[1], 'shards', 'simulated', 'making', 'incarnation', 'key')
if there[1] and (there[3] ~= '1' or there[1] ~= ARGV[2] or there[2] ~= ARGV[4]) then
    return {there[3] == '1' and 'BEGUN' or 'THERE', there[1]}
end
if not there[1] then
    redis.call('HSET', KEYS[1], 'version', ARGV[1], 'shards', ARGV[2], 'incarnation', ARGV[3], 'simulated', ARGV[4],
        'key', ARGV[5], 'making', '1')
    return {'OK', ARGV[3], ARGV[5]}
end
-- Also now: a WAIT behind it then waits for what is there.
redis.call('HSET', KEYS[1], 'making', '1')
return {'OK', there[4], there[5]}
