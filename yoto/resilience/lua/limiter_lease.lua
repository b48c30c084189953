-- Charges what several calls will use of all dimensions of a rate limit, or none of them. A worker
-- may use the units for as long as it is told, in any order and at any moment, and no use breaks the
-- limit in the sense of its algorithm:
--   buckets  the units are charged as if all were used at the last moment: the level is first raised
--            to what drains while the lease lasts
--   windows  the lease ends with the window that it was charged in
--   log      the window is longer by the length of a lease (limiter/dimensions.py)
-- KEYS: 1 memory of the request, 2.. one a dimension
-- ARGV: 1 limits, 2 cost of the call at hand (limiter_hit.lua), 3 units wanted, 4 length of the lease in microseconds, 5 how long the request is remembered in ms
-- returns: {units charged (0: refused), microseconds for which they may be used (0: by the call at hand alone), report (limits_report in limiter.lua), marks '<dd' a dimension for limiter_return.lua}
-- repeatable: yes
--@include limiter.lua
--@include limiter_marks.lua
-- Several leases share the rest: a lease takes at most one part in so many, so that leases fall to
-- single units near the limit.
local SHARES = 8
-- Microseconds. A shorter lease is over before the worker hears of it.
local SHORTEST = 10000
local cost, length = tonumber(ARGV[2]), tonumber(ARGV[4])
local plans, binding = limits_plan(2, ARGV[1], cost)
if binding and redis.call('EXISTS', KEYS[1]) == 0 then
  return {0, 0, limits_report(plans, false), ''}
end
if binding or not redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[5]) then
  -- The request was charged before and its reply got lost; the size of its lease is unknown.
  return {cost, 0, limits_report(limits_plan(2, ARGV[1], 0), false), ''}
end

local units, lasts = tonumber(ARGV[3]), length
local drains = state_length ~= nil
for index = 1, #plans do
  local p = plans[index]
  p.lead = drains and length * p.limit / p.window or 0
  units = math.min(units, (p.ceiling - math.max(p.used, p.lead)) / SHARES)
  if lease_end then lasts = math.min(lasts, lease_end(p.reset_after, p.window)) end
end
-- A part that is whole but for rounding is whole.
units = math.floor(units + TOLERANCE)
if units <= cost or lasts < SHORTEST then
  limits_charge(plans, cost)
  return {cost, 0, limits_report(plans, true), ''}
end

local marks = ''
for index = 1, #plans do
  local p = plans[index]
  local raise = math.max(0, p.lead - p.used)
  local _
  _, _, _, p.used_after, p.reset_after, p.value, p.live =
    measure(p.key, units + raise, p.limit, p.window, p.ceiling)
  local mark = mark_of(p.value)
  if drains then
    if raise > 0 or mark == 0 then mark = now end
    p.value = string.sub(p.value, 1, state_length) .. struct.pack('<d', mark)
  end
  p.mark = mark
end
limits_charge(plans, units)
for index = 1, #plans do
  local p = plans[index]
  if charge_log then p.mark = newest_sum(p.key) end
  marks = marks .. struct.pack('<dd', p.mark, now + length)
end
return {units, math.floor(lasts), limits_report(plans, true), marks}
