-- The checkpoint that was being written becomes the newest one; the newest becomes the one before, which goes.
--
-- KEYS state slices newest before
-- ARGV fence, header
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
    return redis.error_reply('FENCED the shard was taken by another')
end
if redis.call('HGET', KEYS[1], 'checkpoint') == ARGV[2] then
    return redis.status_reply('REPEATED')
end
if redis.call('EXISTS', KEYS[3]) == 1 then
    redis.call('RENAME', KEYS[3], KEYS[4])
    redis.call('HSET', KEYS[1], 'checkpoint before', redis.call('HGET', KEYS[1], 'checkpoint'))
end
redis.call('RENAME', KEYS[2], KEYS[3])
redis.call('HSET', KEYS[1], 'checkpoint', ARGV[2])
return redis.status_reply('OK')
