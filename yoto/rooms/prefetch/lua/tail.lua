-- Reads the behaviour log on from a position.
-- KEYS: 1 log
-- ARGV: 1 position, 2 entries at most
-- returns: {time in ms, newest id or '0-0', entries}; a newest id below the position: it was lost
-- repeatable: yes
local time = redis.call('TIME')
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local entries = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
return {
  time[1] * 1000 + math.floor(time[2] / 1000),
  newest and newest[1] or '0-0',
  entries,
}
