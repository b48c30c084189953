-- Converts the state of one dimension to the limit that is in force now. Until now the one before was:
-- its rate drained, and units that it no longer counts are gone. All else stays while it counts.
-- KEYS: 1 the dimension
-- ARGV: 1 limit (limiter_hit.lua), 2 the limit before
-- returns: 1, or 0 when nothing is used
-- repeatable: yes
--@include limiter.lua
-- Microseconds. A limit of nothing drains nothing, until another is set; 366 days.
local ENDLESS = 366 * 86400 * 1000000
local key, limits, drains = KEYS[1], ARGV[1], state_length ~= nil
local before = limits_plan(1, ARGV[2], 0)[1]
if before.limit > 0 then
  if before.used <= 0 then
    redis.call('DEL', key)
    return 0
  end
  if keep_log then
    keep_log(key, before.window)
  else
    limits_charge({before}, 0)
  end
end
local limit, window, capacity = struct.unpack('<ddd', limits)
if limit == 0 then limits = struct.pack('<ddd', 1, drains and ENDLESS or window, capacity) end
local now_on = limits_plan(1, limits, 0)[1]
if keep_log then
  keep_log(key, now_on.window)
elseif now_on.value then
  redis.call('SET', key, now_on.value, 'PXAT', end_of(nil, now + math.min(now_on.live, ENDLESS)))
end
return 1
