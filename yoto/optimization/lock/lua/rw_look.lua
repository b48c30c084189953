-- Who has a read-write lock now.
-- KEYS: 1 lock, 2 readers
-- ARGV: 1 "<token>:<owner>" ('' for nobody)
-- returns: {somebody writes, how many read, who asks is one of them}
-- repeatable: yes
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('GET', KEYS[1])
local owner = string.match(ARGV[1], '^%d+:(.*)$') or ''
local mine = held == ARGV[1] or tonumber(redis.call('ZSCORE', KEYS[2], owner) or '0') > now
return {held and 1 or 0, redis.call('ZCOUNT', KEYS[2], '(' .. now, '+inf'), mine and 1 or 0}
