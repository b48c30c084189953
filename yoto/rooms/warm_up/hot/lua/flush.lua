-- Adds what one process has counted, unless the batch was added before.
-- KEYS: 1 pairs and 2 roles (sorted sets), 3 latest time that was seen (ms), 4 number of the last batch of the process
-- ARGV: 1 number of the batch, 2 ms since it was gathered, 3 mean life in ms, 4 members to keep of each kind, 5 count below which a member is forgotten, 6 ms to keep the keys, 7 how many pairs follow, then member and count of each pair and of each role
-- returns: 1 added, 0 it was added before
-- repeatable: yes
--@include decay.lua
local pairs_key, roles_key, latest_key, batch_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local life, keep, faint, ttl = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
-- A step back of the clock that is worth a correction, in ms.
local STEP = 1000

if tonumber(redis.call('GET', batch_key) or 0) >= tonumber(ARGV[1]) then
  return 0
end

local now = now_ms()
local latest = tonumber(redis.call('GET', latest_key) or now)
local gathered = now - tonumber(ARGV[2])

-- After a step back every old count would look larger, and new ones would not compare: old counts
-- move back with the clock.
local function move(key, by)
  local found = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for i = 1, #found, 2 do
    redis.call('ZADD', key, exact(tonumber(found[i + 1]) + by), found[i])
  end
end

local function add(key, first, last)
  local size = redis.call('ZCARD', key)
  for i = first, last, 2 do
    local member, score = ARGV[i], gathered + life * math.log(ARGV[i + 1])
    local known = redis.call('ZSCORE', key, member)
    if known then
      score = joined(tonumber(known), score, life)
    elseif size >= keep then
      score = joined(tonumber(redis.call('ZPOPMIN', key)[2]), score, life)
    else
      size = size + 1
    end
    redis.call('ZADD', key, exact(score), member)
  end
  -- There may have been room for more once.
  if size > keep then
    redis.call('ZREMRANGEBYRANK', key, 0, size - keep - 1)
  end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', exact(now + life * math.log(faint)))
  redis.call('PEXPIRE', key, ttl)
end

if now < latest - STEP then
  move(pairs_key, now - latest)
  move(roles_key, now - latest)
end
local last_pair = 7 + 2 * ARGV[7]
add(pairs_key, 8, last_pair)
add(roles_key, last_pair + 1, #ARGV)
redis.call('SET', latest_key, exact(now), 'PX', ttl)
redis.call('SET', batch_key, ARGV[1], 'PX', ttl)
return 1
