-- Ends a try that was given up; see abandon.lua.
-- KEYS: 1 lock, 2 fence, 3 waiters, 4 readers, 5 state (rw.lua)
-- ARGV: 1 owner, 2 ticket ('' if there is none)
-- returns: nothing
-- repeatable: yes
--@include rw.lua
local held = redis.call('GET', KEYS[1])
if held and owner_of(held) == ARGV[1] then
  redis.call('DEL', KEYS[1])
  held = false
end
redis.call('ZREM', KEYS[4], ARGV[1])
if ARGV[2] ~= '' then
  redis.call('ZREM', KEYS[3], ARGV[2])
end
if not held then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  wake_next(KEYS[3], now, living_readers(KEYS[4], KEYS[5], now) > 0)
end
