-- Charges all dimensions of a rate limit, or none of them.
-- KEYS: 1 memory of the request, 2.. one a dimension
-- ARGV: 1 limits ('<ddd' limit, window, capacity a dimension), 2 cost, 3 how long the request is remembered in ms
-- returns: {allowed, report (limits_report in limiter.lua)}
-- repeatable: yes
--@include limiter.lua
local cost = tonumber(ARGV[2])
local plans, binding = limits_plan(2, ARGV[1], cost)
if binding then
  if redis.call('EXISTS', KEYS[1]) == 0 then return {0, limits_report(plans, false)} end
elseif redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[3]) then
  limits_charge(plans, cost)
  return {1, limits_report(plans, true)}
end
-- The request was charged before and its reply got lost.
return {1, limits_report(limits_plan(2, ARGV[1], 0), false)}
