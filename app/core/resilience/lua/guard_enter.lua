-- Admits a call through breaker, rate limit and bulkhead, or changes none of them.
-- KEYS: 1 breaker, 2 event stream, 3 holders, 4 queue, 5 alive, 6.. dimensions; without a bulkhead 3 is the memory of the request
-- ARGV: 1 request id, 2 breaker settings (breaker_admit.lua; '' for none), 3 algorithm, 4 limits ('' for none), 5 cost, 6 bulkhead settings '<dd' (cap, lease; '' for none), 7 how long the request is remembered in ms, 8 breaker name, 9 source, 10 stream length, 11 stream ttl_ms
-- returns: {1, period, what the result means, events written, then a dimension: remaining, microseconds to reset, microseconds to wait}; refused: {0, 1, microseconds to wait, isolated} by the breaker, {0, 2, 0, 0, dimensions as above} by a limit, {0, 3, 0, 0, dimensions} by the bulkhead
-- repeatable: yes
--@include breaker_gate.lua
--@include limiter.lua
--@include bulkhead.lua
local id, cost, algorithm = ARGV[1], tonumber(ARGV[5]), tonumber(ARGV[3])
local with_breaker, with_bulkhead = ARGV[2] ~= '', ARGV[6] ~= ''
local holders, cap, lease_us = KEYS[3], nil, nil
local b, wait, metrics_only, max_probes, probe_lease, keep_ms

-- A request whose reply got lost was admitted already: its parts are not asked or charged again.
local repeated
if with_bulkhead then
  cap, lease_us = struct.unpack('<dd', ARGV[6])
  repeated = redis.call('ZSCORE', holders, id)
else
  repeated = redis.call('EXISTS', KEYS[3]) == 1
end

if with_breaker then
  metrics_only, max_probes, probe_lease, keep_ms = struct.unpack('<dddd', ARGV[2])
  local stream = {key = KEYS[2], source = ARGV[9], max_length = ARGV[10], ttl_ms = ARGV[11]}
  b, wait = breaker_ask(KEYS[1], ARGV[8], stream, id, metrics_only == 1, max_probes)
  if wait and not repeated then
    return {0, 1, math.ceil(wait), b.state == 'isolated' and 1 or 0}
  end
end
local plans, binding = limits_plan(algorithm, 6, ARGV[4], repeated and 0 or cost)
if repeated then
  local meaning = b and (b.probes and 1 or b.state == 'disabled' and 2 or 0) or 2
  return limits_report({1, b and b.period or 0, meaning, 0}, plans, false)
end
if binding then return limits_report({0, 2, 0, 0}, plans, false) end
if with_bulkhead then
  if not bulkhead_ask(holders, KEYS[4], KEYS[5], cap) then
    return limits_report({0, 3, 0, 0}, plans, false)
  end
  bulkhead_enter(holders, id, lease_us)
else
  redis.call('SET', KEYS[3], '', 'PX', ARGV[7])
end
limits_charge(algorithm, plans, cost)
if not b then return limits_report({1, 0, 2, 0}, plans, true) end
local meaning = breaker_enter(b, id, probe_lease, keep_ms)
return limits_report({1, b.period, meaning, b.moved}, plans, true)
