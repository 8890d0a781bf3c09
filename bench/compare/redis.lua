#!lua name=compare
-- bench/compare: everybody is a hash p:ID of due (days since 1970) and kind, the next deadline's: 1 to 3 reminders, 4
-- grace, 5 suspension. The sorted set `deadline` has when it falls (Unix seconds), `events` is a stream, `statuses`
-- counts.

local OFFSET = 28800 -- of local time
local DAY = 86400

-- Days since 1970 to year and month, and the day on which a month begins.
local function civil(days)
    local z = days + 719468
    local era = math.floor(z / 146097)
    local doe = z - era * 146097
    local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
    local mp = math.floor((5 * (doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))) + 2) / 153)
    local month = mp < 10 and mp + 3 or mp - 9
    return yoe + era * 400 + (month <= 2 and 1 or 0), month
end

local function month_begin(year, month)
    local m = year * 12 + month - 1
    year, month = math.floor(m / 12), m % 12 + 1
    local y = month <= 2 and year - 1 or year
    local era = math.floor(y / 400)
    local yoe = y - era * 400
    local doy = math.floor((153 * (month > 2 and month - 3 or month + 9) + 2) / 5)
    return era * 146097 + yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy - 719468
end

local function deadline(due, kind)
    if kind == 4 then return (due + 1) * DAY - OFFSET end
    if kind == 5 then return (due + 16) * DAY - OFFSET end
    local year, month = civil(due)
    return month_begin(year, month + kind - 3) * DAY - OFFSET + 9 * 3600
end

local status_of = { 'active', 'active', 'active', 'active', 'grace', 'suspended' }
local type_of = { 'reminder.due', 'reminder.due', 'reminder.due', 'grace.started', 'benefit.suspended' }

-- ARGV: ID DUE NEXT, for each
redis.register_function('enrol', function(_, argv)
    for i = 1, #argv, 3 do
        redis.call('HSET', 'p:' .. argv[i], 'due', argv[i + 1], 'kind', 1)
        redis.call('ZADD', 'deadline', argv[i + 2], argv[i])
    end
    redis.call('HINCRBY', 'statuses', 'active', #argv / 3)
    return #argv / 3
end)

-- ARGV: ID DUE NEXT CERTIFIED CHANNEL REF, for each
redis.register_function('certify', function(_, argv)
    local n = 0
    for i = 1, #argv, 6 do
        local key = 'p:' .. argv[i]
        local kind = tonumber(redis.call('HGET', key, 'kind'))
        if kind then
            redis.call('HSET', key, 'due', argv[i + 1], 'kind', 1)
            redis.call('ZADD', 'deadline', argv[i + 2], argv[i])
            redis.call('XADD', 'events', '*', 'type', 'certification.accepted', 'id', argv[i], 'due', argv[i + 1], 'on',
                argv[i + 3], 'channel', argv[i + 4], 'ref', argv[i + 5])
            if status_of[kind] ~= 'active' then
                redis.call('HINCRBY', 'statuses', status_of[kind], -1)
                redis.call('HINCRBY', 'statuses', 'active', 1)
            end
            n = n + 1
        end
    end
    return n
end)

-- ARGV: NOW LIMIT; how many deadlines there were
redis.register_function('sweep', function(_, argv)
    local ids = redis.call('ZRANGEBYSCORE', 'deadline', '-inf', argv[1], 'LIMIT', 0, argv[2])
    local moved = { active = 0, grace = 0, suspended = 0 }
    for _, id in ipairs(ids) do
        local key = 'p:' .. id
        local p = redis.call('HMGET', key, 'due', 'kind')
        local due, kind = tonumber(p[1]), tonumber(p[2])
        redis.call('XADD', 'events', '*', 'type', type_of[kind], 'id', id, 'due', due)
        redis.call('HSET', key, 'kind', kind + 1)
        if kind < 5 then
            redis.call('ZADD', 'deadline', deadline(due, kind + 1), id)
        else
            redis.call('ZREM', 'deadline', id)
        end
        moved[status_of[kind]] = moved[status_of[kind]] - 1
        moved[status_of[kind + 1]] = moved[status_of[kind + 1]] + 1
    end
    for status, n in pairs(moved) do
        if n ~= 0 then redis.call('HINCRBY', 'statuses', status, n) end
    end
    return #ids
end)
