-- Reads the members with the highest counts.
-- KEYS: 1 pairs or roles (a sorted set), 2 latest time that was seen (ms)
-- ARGV: 1 rank of the first, from 0, 2 rank of the last
-- returns: {time in ms, member, score, member, score, ...}
-- repeatable: yes
--@include decay.lua
local now = now_ms()
-- When the clock has gone back, counts are as they were before, until they are moved.
local latest = tonumber(redis.call('GET', KEYS[2]) or now)
local found = redis.call('ZREVRANGE', KEYS[1], ARGV[1], ARGV[2], 'WITHSCORES')
table.insert(found, 1, exact(math.max(now, latest)))
return found
