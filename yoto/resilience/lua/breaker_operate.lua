-- Forces a circuit breaker into a state, for an operator.
-- KEYS: 1 breaker, 2 event stream or outbox
-- ARGV: 1 target state (isolated, disabled, closed), 2 reason, 3 length in microseconds, 4 period it must be in ('' for any), 5 keep_ms, 6 name, 7 teller (emit.lua)
-- returns: {it is in the target state, events written}
-- repeatable: no
--@include breaker.lua
local f = redis.call('HMGET', KEYS[1], 'state', 'period', 'until', 'ring', 'buckets')
local b = breaker_table(KEYS[1], ARGV[6], KEYS[2], ARGV[7], f[1], f[2], f[3])
if ARGV[4] ~= '' and tonumber(ARGV[4]) ~= b.period then return {0, 0} end
local target, until_, keep_ms = ARGV[1], now + tonumber(ARGV[3]), tonumber(ARGV[5])
if target == 'closed' then
  if (b.state == 'closed' or b.state == 'none') and not f[4] and not f[5] then return {1, 0} end
  breaker_turn(b, 'closed', 0, ARGV[2], keep_ms)
elseif b.state == target then
  -- The same state again only moves its end.
  redis.call('HSET', KEYS[1], 'until', until_, 'reason', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], math.ceil((until_ - now) / 1000 + keep_ms))
else
  breaker_turn(b, target, until_, ARGV[2], keep_ms)
end
return {1, b.moved}
