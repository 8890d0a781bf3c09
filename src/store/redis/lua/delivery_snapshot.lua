-- The snapshot of the delivery state that was being written takes the place of the one before, and the entries that are
-- in it go.
--
-- KEYS state pieces snapshot entries
-- ARGV fence, header, how many pieces, number of the first entry that stays
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
    return redis.error_reply('FENCED the shard was taken by another')
end
if redis.call('HGET', KEYS[1], 'delivery snapshot') == ARGV[2] then
    return redis.status_reply('REPEATED')
end
local there = redis.call('LLEN', KEYS[2])
if there ~= tonumber(ARGV[3]) then
    return redis.error_reply('ORDER there are ' .. there .. ' pieces')
end
redis.call('RENAME', KEYS[2], KEYS[3])
redis.call('HSET', KEYS[1], 'delivery snapshot', ARGV[2])
redis.call('XTRIM', KEYS[4], 'MINID', ARGV[4])
return redis.status_reply('OK')
