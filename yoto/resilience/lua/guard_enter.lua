-- Admits a call through breaker, rate limit and bulkhead, or changes none of them.
-- KEYS: 1 breaker, 2 event stream, 3 holders, 4 queue, 5 alive, 6.. dimensions; without a bulkhead 3 is the memory of the request
-- ARGV: 1 request id, 2 settings '<dddddddd' (has a breaker, metrics only, probes, probe lease, keep_ms; has a bulkhead, cap, lease), 3 limits ('' for none), 4 cost, 5 how long the request is remembered in ms, 6 breaker name, 7 teller (emit.lua)
-- returns: {1, period, what the result means, events written, report (limits_report in limiter.lua)}; refused: {0, 1, microseconds to wait, isolated} by the breaker, {0, 2, 0, 0, report} by a limit, {0, 3} by the bulkhead
-- repeatable: yes
local with_breaker, metrics_only, max_probes, probe_lease, keep_ms, with_bulkhead, cap, lease_us =
  struct.unpack('<dddddddd', ARGV[2])
--@include breaker_gate.lua
--@include limiter.lua
--@include bulkhead.lua
local id, cost, holders = ARGV[1], tonumber(ARGV[4]), KEYS[3]

-- A request whose reply got lost was admitted already: it is neither refused nor charged again.
local function admitted_before()
  if with_bulkhead == 1 then return redis.call('ZSCORE', holders, id) end
  return redis.call('EXISTS', holders) == 1
end

local b, wait
if with_breaker == 1 then
  b, wait = breaker_ask(KEYS[1], ARGV[6], KEYS[2], ARGV[7], id, metrics_only == 1, max_probes)
  if wait and not admitted_before() then
    return {0, 1, math.ceil(wait), b.state == 'isolated' and 1 or 0}
  end
end
local plans, binding = limits_plan(6, ARGV[3], cost)
if binding and not admitted_before() then
  return {0, 2, 0, 0, limits_report(plans, false)}
end

local again
if with_bulkhead == 1 then
  local held = bulkhead_ask(holders, KEYS[4], KEYS[5], cap)
  again = admitted_before()
  if not again then
    if not held then return {0, 3} end
    bulkhead_enter(holders, id, lease_us, held)
  end
else
  again = not redis.call('SET', holders, '', 'NX', 'PX', ARGV[5])
end
if again then
  local meaning = b and (b.probes and 1 or b.state == 'disabled' and 2 or 0) or 2
  plans = limits_plan(6, ARGV[3], 0)
  return {1, b and b.period or 0, meaning, 0, limits_report(plans, false)}
end
limits_charge(plans, cost)
if not b then return {1, 0, 2, 0, limits_report(plans, true)} end
local meaning = breaker_enter(b, id, probe_lease, keep_ms)
return {1, b.period, meaning, b.moved, limits_report(plans, true)}
