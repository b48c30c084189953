-- Notes that the log has the claimed items, and ends the claim.
-- KEYS: 1 state, 2 claim
-- ARGV: 1 id of the claim, 2 position in the log, 3 subjects published, 4 ms to keep the keys, 5 ms of the rates' window
-- returns: 1 it is finished, by this call or an earlier one; 0 somebody else finished it long ago
-- repeatable: yes
--@include shared.lua
local state, claim, id = KEYS[1], KEYS[2], ARGV[1]
local found, strategy, items, due = unpack(redis.call('HMGET', claim, 'id', 'strategy', 'items', 'due'))
if found ~= id then
  return redis.call('HGET', state, 'finished') == id and 1 or 0
end
redis.call('HINCRBY', state, 'processed', items)
redis.call('HINCRBY', state, 'processed_due', due)
redis.call('HINCRBY', state, 'by_' .. strategy, items)
redis.call('HINCRBY', state, 'subjects', ARGV[3])
redis.call('HINCRBY', state, 'publications', 1)
redis.call('HSET', state, 'finished', id, 'position', ARGV[2])
count_rate(state, 'out', tonumber(items), now_ms(), tonumber(ARGV[5]))
redis.call('UNLINK', claim)
keep_for(ARGV[4], state)
return 1
