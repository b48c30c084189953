-- Says what a charge would meet, without one.
-- KEYS: one a dimension
-- ARGV: 1 algorithm, 2 limits, 3 cost (limiter_hit.lua)
-- returns: as limiter_hit.lua, of the state as it is
-- repeatable: yes
local algorithm = tonumber(ARGV[1])
--@include limiter.lua
local plans, binding = limits_plan(1, ARGV[2], tonumber(ARGV[3]))
return {binding and 0 or 1, limits_report(plans, false)}
