-- Ends a call that came in by guard_enter.lua with a bulkhead: gives the slot back and tells the
-- breaker the result. A request that holds no slot any more ended already, unless its lease did.
-- KEYS: 1 breaker, 2 event stream, 3 holders
-- ARGV: 1 request id, 2 the lease ended before (1 or 0), 3 period, 4 outcome (0 success, 1 failure, 2 ignored, 3 not wanted), 5 slow, 6 breaker settings (breaker_result.lua), 7 breaker name, 8 teller (emit.lua)
-- returns: {the slot was still held, what happened (breaker_result.lua), events written}
-- repeatable: yes
--@include breaker_result.lua
local held = redis.call('ZREM', KEYS[3], ARGV[1])
if ARGV[4] == '3' or held == 0 and ARGV[2] == '0' then return {held, 0, 0} end
local happened, b = breaker_result(KEYS[1], ARGV[7], KEYS[2], ARGV[8], ARGV[1],
  tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], 1)
return {held, happened, b.moved}
