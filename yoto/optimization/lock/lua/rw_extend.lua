-- Lets the lease of a reader or writer begin again. A reader's that has run out may, as long as no
-- writer has looked whether it has.
-- KEYS: 1 lock, 2 readers, 3 state (rw.lua)
-- ARGV: 1 "<token>:<owner>", 2 lease in ms, 3 whether that is longer than the owner's name says (1 or 0)
-- returns: 1 extended, 0 it was not the caller's any more
-- repeatable: yes
--@include rw.lua
local owner = owner_of(ARGV[1])
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
elseif redis.call('ZSCORE', KEYS[2], owner) then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZADD', KEYS[2], now + tonumber(ARGV[2]), owner)
  keep(KEYS[2], ARGV[2])
else
  return 0
end
if ARGV[3] == '1' then
  redis.call('HSET', KEYS[3], owner, ARGV[2])
  keep(KEYS[3], ARGV[2])
end
return 1
