-- Gives back a lock and wakes who waits longest.
-- KEYS: 1 lock, 2 waiters
-- ARGV: 1 value of the lock as its holder knows it
-- returns: 1 given back, 0 it was not the caller's any more
-- repeatable: no
--@include waiters.lua
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local time = redis.call('TIME')
redis.call('DEL', KEYS[1])
wake_first(KEYS[2], time[1] * 1000 + math.floor(time[2] / 1000))
return 1
