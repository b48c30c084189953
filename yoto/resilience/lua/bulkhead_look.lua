-- Reads a bulkhead without changing it.
-- KEYS: 1 holders, 2 alive
-- ARGV: none
-- returns: {holders, waiters}
-- repeatable: yes
--@include clock.lua
return {redis.call('ZCOUNT', KEYS[1], '(' .. string.format('%.0f', now), '+inf'),
  redis.call('ZCOUNT', KEYS[2], '(' .. string.format('%.0f', now), '+inf')}
