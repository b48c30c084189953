-- Gives a worker an order to drain, or takes it back.
-- KEYS: 1 heard (sorted set: id by ms), 2 orders (hash: id to JSON)
-- ARGV: 1 id, 2 ms the order holds (0: take it back), 3 by, 4 reason, 5 ms the order is remembered
-- returns: {1 if the worker is known else 0, ms until which the order holds}
-- repeatable: yes
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return {0, 0} end
if ARGV[2] == '0' then
  redis.call('HDEL', KEYS[2], ARGV[1])
  return {1, 0}
end
local until_ms = now + ARGV[2]
local order = '{"by":' .. cjson.encode(ARGV[3]) .. ',"reason":' .. cjson.encode(ARGV[4])
  .. ',"until_ms":' .. string.format('%d', until_ms) .. '}'
redis.call('HSET', KEYS[2], ARGV[1], order)
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return {1, until_ms}
