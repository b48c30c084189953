-- Gives back a read-write lock and wakes who may come in then.
-- A lease that has run out was not lost if nobody came who could not have come before: a writer, and
-- after a writer anybody. Neither was one that this very call has given back.
-- KEYS: 1 lock, 2 fence, 3 waiters, 4 readers, 5 state (rw.lua)
-- ARGV: 1 "<token>:<owner>"
-- returns: 1 given back, 0 somebody else has got it, or had it meanwhile
-- repeatable: yes
--@include rw.lua
local token, owner = string.match(ARGV[1], '^(%d+):(.*)$')
local held, mine = redis.call('GET', KEYS[1]), false
if string.sub(owner, 1, 1) == 'w' then
  mine = held == ARGV[1]
  if mine then
    redis.call('DEL', KEYS[1])
  end
else
  mine = redis.call('ZREM', KEYS[4], owner) == 1
end
if mine then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('HDEL', KEYS[5], owner)
  wake_next(KEYS[3], now, living_readers(KEYS[4], KEYS[5], now) > 0)
  return 1
end
if string.sub(owner, 1, 1) == 'w' then
  return not held and redis.call('GET', KEYS[2]) == token and 1 or 0
end
local writer = redis.call('HGET', KEYS[5], 'writer')
return writer and tonumber(writer) < tonumber(token) and 1 or 0
