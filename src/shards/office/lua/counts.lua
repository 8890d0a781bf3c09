-- Adds a piece of a shard's counts to the month's, if what came before it is there and it is not. Answered with how far
-- the shard has come.
--
-- KEYS digest bucket
-- ARGV shard, how far it was before this piece, how far after it ("end": that was all), seconds until it is forgotten,
--      then for each unit: its code, its count
local field = 'at ' .. ARGV[1]
local at = redis.call('HGET', KEYS[1], field) or ''
if at ~= ARGV[2] or at == ARGV[3] then
    return at
end
for i = 5, #ARGV, 2 do
    redis.call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1])
end
redis.call('HSET', KEYS[1], field, ARGV[3])
if ARGV[3] == 'end' then
    redis.call('HINCRBY', KEYS[1], 'counted', 1)
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return ARGV[3]
