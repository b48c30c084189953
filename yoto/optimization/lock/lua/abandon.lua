-- Ends a try that was given up: leaves the queue, and gives back the lock if the try had taken it
-- without knowing. A wake-up that was meant for this waiter goes to the next one.
-- KEYS: 1 lock, 2 waiters
-- ARGV: 1 owner, 2 ticket ('' if there is none)
-- returns: nothing
-- repeatable: yes
--@include waiters.lua
local held = redis.call('GET', KEYS[1])
if held and string.match(held, '^%d+:(.*)$') == ARGV[1] then
  redis.call('DEL', KEYS[1])
  held = false
end
if ARGV[2] ~= '' then
  redis.call('ZREM', KEYS[2], ARGV[2])
end
if not held then
  local time = redis.call('TIME')
  wake_first(KEYS[2], time[1] * 1000 + math.floor(time[2] / 1000))
end
