-- Says that a worker lives and what it is, and tells it whether it has an order to drain.
-- KEYS: 1 heard (sorted set: id by ms), 2 facts (hash: id to JSON), 3 orders (hash: id to JSON),
--   4 ends (hash: id to JSON)
-- ARGV: 1 id, 2 facts (JSON; '': none), 3 ms for which a worker that is gone is remembered
-- returns: {order (JSON) or '', ms since 1970, how many are remembered}
-- repeatable: yes
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local gone = redis.call('ZRANGE', KEYS[1], '-inf', now - ARGV[3], 'BYSCORE')
for _, id in ipairs(gone) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
  redis.call('HDEL', KEYS[3], id)
  redis.call('HDEL', KEYS[4], id)
end
redis.call('ZADD', KEYS[1], now, ARGV[1])
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
else
  redis.call('HDEL', KEYS[2], ARGV[1])
end
for i = 1, 4 do redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
local order = redis.call('HGET', KEYS[3], ARGV[1])
if order and cjson.decode(order)['until_ms'] <= now then
  redis.call('HDEL', KEYS[3], ARGV[1])
  order = false
end
return {order or '', now, redis.call('ZCARD', KEYS[1])}
