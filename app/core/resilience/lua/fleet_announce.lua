-- Says that an instance lives, and counts those that do.
-- KEYS: 1 instances, a sorted set of ids by the moment until which they count as alive
-- ARGV: 1 instance, 2 how long it counts as alive in microseconds (0: it leaves)
-- returns: how many are alive
-- repeatable: yes
--@include clock.lua
local lease_us = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if lease_us > 0 then
  redis.call('ZADD', KEYS[1], now + lease_us, ARGV[1])
  redis.call('PEXPIRE', KEYS[1], math.ceil(lease_us / 1000))
else
  redis.call('ZREM', KEYS[1], ARGV[1])
end
return redis.call('ZCARD', KEYS[1])
