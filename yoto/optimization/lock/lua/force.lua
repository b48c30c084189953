-- Takes a lock away from the holder with the given token, and wakes the longest waiter.
-- The fence moves past that token, so that its holder learns by giving back that it had lost.
-- KEYS: 1 lock, 2 fence, 3 waiters
-- ARGV: 1 token, 2 ms to keep the fence at least
-- returns: 1 taken away, 0 nobody holds it with that token
-- repeatable: no
--@include waiters.lua
local held = redis.call('GET', KEYS[1])
if not held or string.match(held, '^%d+') ~= ARGV[1] then
  return 0
end
local time = redis.call('TIME')
local newest = tonumber(redis.call('GET', KEYS[2]) or ARGV[1])
local kept = math.max(redis.call('PTTL', KEYS[2]), tonumber(ARGV[2]))
redis.call('SET', KEYS[2], string.format('%.0f', newest + 1), 'PX', kept)
redis.call('DEL', KEYS[1])
wake_first(KEYS[3], time[1] * 1000 + math.floor(time[2] / 1000))
return 1
