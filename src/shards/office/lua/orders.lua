-- Appends orders, each with the next number, and reads those behind a number. An order that is there already, under its
-- token, is not appended again. One with a version is appended only if reports and orders are those it was made of.
--
-- KEYS orders reports
-- ARGV number to read behind, how many, number up to which every shard has carried out, highest number that the caller
--      knows of, then for each order: the last number when it was made, version of the reports ("": whichever), token,
--      and ten values
-- Answered with: the number of each order (0: not appended), then the entries
local names = {'lift', 'hold', 'scope', 'scope_name', 'until', 'due', 'limit', 'name', 'why', 'by'}
local numbers = {}
local function last_number()
    local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
    return last and tonumber(string.match(last[1], '^%d+')) or 0
end
local function find(token, from)
    for _, entry in ipairs(redis.call('XRANGE', KEYS[1], string.format('%.0f-0', from + 1), '+')) do
        if entry[2][2] == token then
            return string.match(entry[1], '^%d+')
        end
    end
end
-- Also when nothing is appended: a WAIT behind it then waits for what is read.
redis.call('HINCRBY', KEYS[2], 'calls', 1)
for i = 5, #ARGV, 13 do
    local from, version, token = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2]
    local number, last = find(token, from), last_number()
    if not number and (version == '' or (last == from and version == redis.call('HGET', KEYS[2], 'v'))) then
        local fields = {'token', token, 'at', redis.call('TIME')[1]}
        for k, name in ipairs(names) do
            fields[#fields + 1] = name
            fields[#fields + 1] = ARGV[i + 2 + k]
        end
        number = string.format('%.0f', math.max(last, tonumber(ARGV[4])) + 1)
        redis.call('XADD', KEYS[1], number .. '-0', unpack(fields))
    end
    numbers[#numbers + 1] = number or '0'
end
local keep = tonumber(ARGV[3]) - 1000
if keep > 0 and redis.call('XLEN', KEYS[1]) > 2000 then
    redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f-0', keep + 1))
end
local entries = redis.call('XRANGE', KEYS[1], string.format('%.0f-0', ARGV[1] + 1), '+', 'COUNT', ARGV[2])
return {numbers, entries}
