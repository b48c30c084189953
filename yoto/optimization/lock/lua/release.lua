-- Gives back a lock and wakes the longest waiter.
-- A lease that has run out while nobody else took the lock was not lost; neither was one that the
-- same call has given back, when its first reply went astray.
-- KEYS: 1 lock, 2 fence, 3 waiters
-- ARGV: 1 value of the lock as its holder knows it
-- returns: 1 given back, 0 somebody else has got it, or had it meanwhile
-- repeatable: yes
--@include waiters.lua
local held = redis.call('GET', KEYS[1])
if held == ARGV[1] then
  local time = redis.call('TIME')
  redis.call('DEL', KEYS[1])
  wake_first(KEYS[3], time[1] * 1000 + math.floor(time[2] / 1000))
  return 1
end
if not held and redis.call('GET', KEYS[2]) == string.match(ARGV[1], '^%d+') then
  return 1
end
return 0
