-- The month's totals of a bucket, once every shard has counted; before that nothing.
--
-- KEYS digest bucket
-- ARGV how many shards there are
if tonumber(redis.call('HGET', KEYS[1], 'counted') or '0') < tonumber(ARGV[1]) then
    return false
end
return redis.call('HGETALL', KEYS[2])
