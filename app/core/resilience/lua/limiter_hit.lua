-- Charges all dimensions of a rate limit, or none of them.
-- KEYS: 1 memory of the request, 2.. one a dimension
-- ARGV: 1 algorithm (its place in settings.Algorithm, from 1), 2 limits ('<ddd' limit, window, capacity a dimension), 3 cost, 4 how long the request is remembered in ms
-- returns: {allowed, dimension that refuses longest or 0, then a dimension: remaining, microseconds to reset, microseconds to wait}
-- repeatable: yes
--@include limiter.lua
local algorithm, cost = tonumber(ARGV[1]), tonumber(ARGV[3])
local plans, binding = limits_plan(algorithm, 2, ARGV[2], cost)
if binding then
  if redis.call('EXISTS', KEYS[1]) == 0 then return limits_report({0, binding}, plans, false) end
elseif redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[4]) then
  limits_charge(algorithm, plans, cost)
  return limits_report({1, 0}, plans, true)
end
-- The request was charged before and its reply got lost.
return limits_report({1, 0}, limits_plan(algorithm, 2, ARGV[2], 0), false)
