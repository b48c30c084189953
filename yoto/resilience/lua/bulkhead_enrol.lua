-- Counts holders that came in while Redis was away, even above the cap: they are inside.
-- KEYS: 1 holders
-- ARGV: 1 lease in microseconds, 2.. request ids
-- returns: how many are inside now
-- repeatable: yes
--@include bulkhead.lua
for at = 2, #ARGV do
  bulkhead_enter(KEYS[1], ARGV[at], tonumber(ARGV[1]), redis.call('ZCARD', KEYS[1]))
end
return redis.call('ZCARD', KEYS[1])
