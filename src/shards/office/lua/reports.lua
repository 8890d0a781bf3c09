-- Reports of shards, as "AT INSTANCE NOW DAY DUE APPLIED DRAWING ORDERED", and all of them as they stand then. A
-- shard's report is its owner's: the one that claimed it last.
--
-- KEYS reports orders
-- ARGV instance, then for each report: shard, claimed (1: it has the shard now), the report behind INSTANCE
-- Answered with: shards whose reports are another's to make; v; the last order's number; then shard, age, report...
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local refused = {}
for i = 2, #ARGV, 3 do
    local shard, report = ARGV[i], ARGV[i + 2]
    local before = redis.call('HGET', KEYS[1], shard) or ''
    local owner, counts = string.match(before, '^%d+ (%S+) %S+ (.*)$')
    if owner and owner ~= ARGV[1] and ARGV[i + 1] ~= '1' then
        refused[#refused + 1] = shard
    else
        redis.call('HSET', KEYS[1], shard, string.format('%.0f %s %s', now, ARGV[1], report))
        if counts ~= string.match(report, '^%S+ (.*)$') then
            redis.call('HINCRBY', KEYS[1], 'v', 1)
        end
    end
end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local answer = {refused, redis.call('HGET', KEYS[1], 'v') or '0', last and string.match(last[1], '^%d+') or '0'}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
    if string.find(all[i], '^%d') then
        answer[#answer + 1] = all[i]
        answer[#answer + 1] = string.format('%.0f', math.max(0, now - string.match(all[i + 1], '^%d+')))
        answer[#answer + 1] = all[i + 1]
    end
end
return answer
