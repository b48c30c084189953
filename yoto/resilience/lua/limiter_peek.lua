-- Returns the effect that a charge would have, without one.
-- KEYS: one a dimension
-- ARGV: 1 limits, 2 cost (limiter_hit.lua)
-- returns: as limiter_hit.lua, of the state as it is
-- repeatable: yes
--@include limiter.lua
local plans, binding = limits_plan(1, ARGV[1], tonumber(ARGV[2]))
return {binding and 0 or 1, limits_report(plans, false)}
