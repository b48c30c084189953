-- Renews the leases of one process. A lease that has ended is lost for good, even when nobody has
-- taken the slot yet: its holder may have been told so already.
-- KEYS: 1 holders
-- ARGV: 1 lease in microseconds, 2.. request ids
-- returns: the ids that are lost
-- repeatable: yes
--@include bulkhead.lua
local lost, lease_us = {}, tonumber(ARGV[1])
for at = 2, #ARGV do
  local ends = redis.call('ZSCORE', KEYS[1], ARGV[at])
  if ends and tonumber(ends) > now then
    bulkhead_enter(KEYS[1], ARGV[at], lease_us, 1)
  else
    redis.call('ZREM', KEYS[1], ARGV[at])
    lost[#lost + 1] = ARGV[at]
  end
end
return lost
