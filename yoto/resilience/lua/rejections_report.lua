-- Counts what one instance's guard rejected, and tells of a burst at most once an interval.
-- KEYS: 1 event stream, 2 rejections since the last event, 3 mark of the last event, 4 how often each caller was rejected since then
-- ARGV: 1 rejections, 2 how many are a burst, 3 interval in ms, 4 kind, 5 name, 6 dimension, 7 teller (emit.lua), then of each caller that was rejected most its name and how often
-- returns: 1 when it told, else 0
-- repeatable: no
--@include clock.lua
--@include emit.lua
local total = redis.call('INCRBY', KEYS[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], 2 * ARGV[3])
for at = 8, #ARGV, 2 do
  redis.call('ZINCRBY', KEYS[4], ARGV[at + 1], ARGV[at])
end
redis.call('PEXPIRE', KEYS[4], 2 * ARGV[3])
if total < tonumber(ARGV[2]) or not redis.call('SET', KEYS[3], '', 'NX', 'PX', ARGV[3]) then
  return 0
end
local caller, times = unpack(redis.call('ZREVRANGE', KEYS[4], 0, 0, 'WITHSCORES'))
redis.call('DEL', KEYS[2], KEYS[4])
emit(KEYS[1], ARGV[7], 'guard.rejections', {
  kind = ARGV[4], name = ARGV[5], count = total, dimension = ARGV[6],
  caller = caller or '', caller_count = tonumber(times or 0),
})
return 1
