-- A daemon's word: that it is there, and under which rules. Answered with "OK", "FORMER" or "OTHER" (its rules), the
-- revision of those in force, and each daemon that is there with its word; or with "TAKEN" and when another of that name
-- has spoken, or "REFUSED" and the revision in force.
--
-- A word is "AT INSTANCE LEASE SINCE REVISION FIT LEAVING"; AT and LEASE in milliseconds, AT by this server's clock. FIT:
-- its rules are those in force, or were until a minute ago.
--
-- KEYS members rules
-- ARGV name, instance, lease, since, revision, digest, leaving (0 or 1), strict (1: nothing is said under other rules)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local text = function(n) return string.format('%.0f', n) end

local before = redis.call('HGET', KEYS[1], ARGV[1])
if before then
    local at, instance, lease = string.match(before, '^(%d+) (%S+) (%d+)')
    if instance ~= ARGV[2] and now - at < tonumber(lease) then
        return {'TAKEN', at}
    end
end

-- The rules: the first daemon puts its own in force, a higher revision takes their place.
local grace = 60000
local rules = redis.call('HMGET', KEYS[2], 'revision', 'digest')
local standing = 'OK'
if rules[2] == ARGV[6] then
    if tonumber(ARGV[5]) > tonumber(rules[1]) then
        redis.call('HSET', KEYS[2], 'revision', ARGV[5])
    end
elseif not rules[2] or tonumber(ARGV[5]) > tonumber(rules[1]) then
    local all = redis.call('HGETALL', KEYS[2])
    for i = 1, #all, 2 do
        if string.sub(all[i], 1, 7) == 'former ' and now - all[i + 1] > grace then
            redis.call('HDEL', KEYS[2], all[i])
        end
    end
    if rules[2] then
        redis.call('HSET', KEYS[2], 'former ' .. rules[2], text(now))
    end
    redis.call('HDEL', KEYS[2], 'former ' .. ARGV[6])
    redis.call('HSET', KEYS[2], 'revision', ARGV[5], 'digest', ARGV[6], 'at', text(now))
elseif ARGV[8] == '1' then
    return {'REFUSED', rules[1]}
else
    local since = redis.call('HGET', KEYS[2], 'former ' .. ARGV[6])
    standing = since and now - since < grace and 'FORMER' or 'OTHER'
end

local fit = standing == 'OTHER' and '0' or '1'
redis.call('HSET', KEYS[1], ARGV[1],
    table.concat({text(now), ARGV[2], ARGV[3], ARGV[4], ARGV[5], fit, ARGV[7]}, ' '))

-- What was said by a clock that ran ahead, of a server that is none any more, is as good as said now.
local answer = {standing, redis.call('HGET', KEYS[2], 'revision')}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
    local at, rest, lease = string.match(all[i + 1], '^(%d+)( %S+ (%d+).*)$')
    if tonumber(at) > now then
        at = text(now)
        redis.call('HSET', KEYS[1], all[i], at .. rest)
    end
    if now - at > 86400000 then
        redis.call('HDEL', KEYS[1], all[i])
    elseif now - at < tonumber(lease) then
        answer[#answer + 1] = all[i]
        answer[#answer + 1] = at .. rest
    end
end
return answer
