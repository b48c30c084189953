-- Reads the counters of somebody's behaviour, as they were when each was last added to.
-- KEYS: 1 hash
-- ARGV: none
-- returns: {time in ms, field, value, field, value, ...}
-- repeatable: yes
local time = redis.call('TIME')
local found = redis.call('HGETALL', KEYS[1])
table.insert(found, 1, time[1] * 1000 + math.floor(time[2] / 1000))
return found
