-- Tells a circuit breaker the result of a call that it let in, or of several that succeeded in time.
-- KEYS: 1 breaker, 2 event stream or outbox
-- ARGV: 1 request id, 2 period, 3 outcome (0 success, 1 failure, 2 ignored), 4 slow, 5 settings (breaker_result.lua), 6 name, 7 teller (emit.lua), 8 how many calls
-- returns: {what happened (breaker_result.lua), events written}
-- repeatable: no
--@include breaker_result.lua
local happened, b = breaker_result(KEYS[1], ARGV[6], KEYS[2], ARGV[7], ARGV[1],
  tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[8]))
return {happened, b.moved}
