-- Charges all dimensions of a rate limit, or none of them.
-- KEYS: 1 memory of the request, 2.. one a dimension
-- ARGV: 1 algorithm (its place in settings.Algorithm, from 1), 2 limits ('<ddd' limit, window, capacity a dimension), 3 cost, 4 how long the request is remembered in ms
-- returns: {allowed, report (limits_report in limiter.lua)}
-- repeatable: yes
local algorithm = tonumber(ARGV[1])
--@include limiter.lua
local cost = tonumber(ARGV[3])
local plans, binding = limits_plan(2, ARGV[2], cost)
if binding then
  if redis.call('EXISTS', KEYS[1]) == 0 then return {0, limits_report(plans, false)} end
elseif redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[4]) then
  limits_charge(plans, cost)
  return {1, limits_report(plans, true)}
end
-- The request was charged before and its reply got lost.
return {1, limits_report(limits_plan(2, ARGV[2], 0), false)}
