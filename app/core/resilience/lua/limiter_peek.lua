-- Says what a charge would meet, without one.
-- KEYS: one a dimension
-- ARGV: 1 algorithm, 2 limits, 3 cost (limiter_hit.lua)
-- returns: as limiter_hit.lua, of the state as it is
-- repeatable: yes
--@include limiter.lua
local plans, binding = limits_plan(tonumber(ARGV[1]), 1, ARGV[2], tonumber(ARGV[3]))
return limits_report({binding and 0 or 1, binding or 0}, plans, false)
