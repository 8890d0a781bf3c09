-- Adds entries to streams, all of them, and once: a writer's batches are numbered.
--
-- KEYS what the writer added last; then for each entry its stream
-- ARGV the batch's number; then for each entry how many to keep (0: all), for how many milliseconds to keep the stream
--      (0: for good), how many fields and values follow, and these
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.status_reply('REPEATED')
end
local at = 2
for i = 2, #KEYS do
    local n = tonumber(ARGV[at + 2])
    if ARGV[at] == '0' then
        redis.call('XADD', KEYS[i], '*', unpack(ARGV, at + 3, at + 2 + n))
    else
        redis.call('XADD', KEYS[i], 'MAXLEN', '~', ARGV[at], '*', unpack(ARGV, at + 3, at + 2 + n))
    end
    if ARGV[at + 1] ~= '0' then
        redis.call('PEXPIRE', KEYS[i], ARGV[at + 1])
    end
    at = at + 3 + n
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', 600000)
return redis.status_reply('OK')
