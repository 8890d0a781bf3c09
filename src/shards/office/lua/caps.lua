-- Takes one of a phone number's messages of a day, or gives it back. What is kept of a number is the hashes of its
-- messages' tokens, 8 bytes each, so that none counts twice. Answered with 1 for each that was taken or given back.
--
-- KEYS caps
-- ARGV seconds until they are forgotten, then for each: "+" or "-", number, cap, hash of its token
local answer = {}
for i = 2, #ARGV, 4 do
    local number, token = ARGV[i + 1], ARGV[i + 3]
    local all = redis.call('HGET', KEYS[1], number) or ''
    local at
    for k = 1, #all, 8 do
        if string.sub(all, k, k + 7) == token then
            at = k
        end
    end
    local had = at and 1 or 0
    if ARGV[i] == '-' and at then
        all = string.sub(all, 1, at - 1) .. string.sub(all, at + 8)
        redis.call('HSET', KEYS[1], number, all)
    elseif ARGV[i] == '+' and not at and #all < 8 * tonumber(ARGV[i + 2]) then
        redis.call('HSET', KEYS[1], number, all .. token)
        had = 1
    end
    answer[#answer + 1] = had
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return answer
