-- Lists every worker that is remembered.
-- KEYS: 1 heard (sorted set: id by ms), 2 facts (hash: id to JSON), 3 orders (hash: id to JSON),
--   4 ends (hash: id to JSON)
-- ARGV: 1 ms for which a worker that is gone is remembered
-- returns: {ms since 1970, id, ms when it was heard, facts (JSON), order (JSON) or '',
--   how it ended (JSON) or '', ...}
-- repeatable: yes
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {now}
local heard = redis.call('ZRANGE', KEYS[1], '(' .. now - ARGV[1], '+inf', 'BYSCORE', 'WITHSCORES')
for i = 1, #heard, 2 do
  found[#found + 1] = heard[i]
  found[#found + 1] = tonumber(heard[i + 1])
  found[#found + 1] = redis.call('HGET', KEYS[2], heard[i]) or '{}'
  found[#found + 1] = redis.call('HGET', KEYS[3], heard[i]) or ''
  found[#found + 1] = redis.call('HGET', KEYS[4], heard[i]) or ''
end
return found
