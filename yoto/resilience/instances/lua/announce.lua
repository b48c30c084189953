-- Says that an instance lives, and forgets those that were not heard for too long.
-- KEYS: 1 instances (sorted set: id by the ms it was heard)
-- ARGV: 1 id ('' only looks), 2 ms after which a silent instance is gone
-- returns: id and ms since it was heard, in turn, the most silent first
-- repeatable: yes
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
if ARGV[1] ~= '' then
  redis.call('ZADD', KEYS[1], now, ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
local alive = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 2, #alive, 2 do alive[i] = now - tonumber(alive[i]) end
return alive
