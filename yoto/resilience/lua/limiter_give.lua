-- Gives units back, never past nothing used.
-- KEYS: 1 memory of the request, 2.. one a dimension
-- ARGV: 1 limits, 2 units (limiter_hit.lua), 3 how long the request is remembered in ms
-- returns: 1, or 0 when this request was served before
-- repeatable: yes
--@include limiter.lua
if not redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[3]) then return 0 end
local units = tonumber(ARGV[2])
for _, p in ipairs((limits_plan(2, ARGV[1], -units))) do
  if refund_log then
    refund_log(p.key, units, p.window)
  elseif p.used > 0 then
    limits_charge({p}, -units)
  end
end
return 1
