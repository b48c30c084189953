-- Reads the present state of a lock.
-- KEYS: 1 lock, 2 waiters
-- ARGV: none
-- returns: {token, ms until its lease ends, processes that wait} when somebody holds it, else {}
-- repeatable: yes
local held = redis.call('GET', KEYS[1])
if not held then
  return {}
end
local left = redis.call('PTTL', KEYS[1])
return {string.match(held, '^%d+'), left, redis.call('ZCARD', KEYS[2])}
