-- Asks a circuit breaker to let a call in.
-- KEYS: 1 breaker, 2 event stream or outbox
-- ARGV: 1 request id, 2 settings '<dddd' (metrics only, probes, probe lease, keep_ms), 3 name, 4 teller (emit.lua)
-- returns: {1, period, what the result means, events written} or {0, microseconds to wait, isolated, 0}
-- repeatable: yes
--@include breaker_gate.lua
local metrics_only, max_probes, lease_us, keep_ms = struct.unpack('<dddd', ARGV[2])
local b, wait = breaker_ask(KEYS[1], ARGV[3], KEYS[2], ARGV[4], ARGV[1], metrics_only == 1,
  max_probes)
if wait then return {0, math.ceil(wait), b.state == 'isolated' and 1 or 0, 0} end
local meaning = breaker_enter(b, ARGV[1], lease_us, keep_ms)
return {1, b.period, meaning, b.moved}
