-- Admits a holder to a value that only the newest holder of its lock may touch.
-- KEYS: 1 hash: token, value
-- ARGV: 1 fencing token, 2 ms to keep the value and the token, 3 the new value (left out: change nothing but the token)
-- returns: {1, value that was there, or false} when let in, {0, newest token} when a later holder was
-- repeatable: yes
local newest = redis.call('HGET', KEYS[1], 'token')
if newest and tonumber(newest) > tonumber(ARGV[1]) then
  return {0, newest}
end
local value = redis.call('HGET', KEYS[1], 'value')
redis.call('HSET', KEYS[1], 'token', ARGV[1])
if ARGV[3] then
  redis.call('HSET', KEYS[1], 'value', ARGV[3])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {1, value}
