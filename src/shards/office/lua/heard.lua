-- When channels were last heard: the latest that anybody says. Answered with all of them.
--
-- KEYS heard
-- ARGV how many seconds an instant may lie ahead of this server's clock ("": whatever, the time is simulated): for a
--      channel that was heard in the future would never again be silent; then for each channel: name, instant
local latest = ARGV[1] == '' and math.huge or redis.call('TIME')[1] + ARGV[1]
for i = 2, #ARGV, 2 do
    local before, at = redis.call('HGET', KEYS[1], ARGV[i]), tonumber(ARGV[i + 1])
    if at <= latest and (not before or tonumber(before) < at) then
        redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    end
end
return redis.call('HGETALL', KEYS[1])
