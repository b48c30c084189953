-- Charges what was used while Redis was away, without asking and never above the limit.
-- KEYS: 1 memory of the request, 2 one dimension
-- ARGV: 1 limit (limiter_hit.lua), 2 units, 3 how long the request is remembered in ms
-- returns: 1, or 0 when this request was served before
-- repeatable: yes
--@include limiter.lua
if not redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[3]) then return 0 end
local p = limits_plan(2, ARGV[1], 0)[1]
local units = math.min(tonumber(ARGV[2]), math.floor(p.ceiling - p.used))
if units > 0 then limits_charge((limits_plan(2, ARGV[1], units)), units) end
return 1
