-- Reads a user's history, oldest first.
-- KEYS: 1 history (sorted by ms)
-- ARGV: 1 ms that activities are kept
-- returns: {time in ms, member, ms, member, ms, ...}
-- repeatable: yes
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local first = string.format('(%.0f', now - ARGV[1])
local found = redis.call('ZRANGEBYSCORE', KEYS[1], first, '+inf', 'WITHSCORES')
-- A server that speaks RESP3 gives scripts the flat RESP2 form too.
table.insert(found, 1, now)
return found
