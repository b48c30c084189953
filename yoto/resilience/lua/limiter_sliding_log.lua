-- Inserted into limiter.lua. Sliding log: a sorted set, score the moment of a charge, member '<sum>:<cost>' where sum
-- is all units ever charged up to and with this one, 16 digits. Both grow along the set, so that use
-- and waiting time take a few look-ups and no scan. Twin: algorithms/sliding_log.py.

local function log_units(member)
  local sum, cost = string.match(member, '^(%d+):(%d+)$')
  return tonumber(sum), tonumber(cost)
end

local function log_at(key, rank)
  local entry = redis.call('ZRANGE', key, rank, rank, 'WITHSCORES')
  if not entry[1] then return nil end
  local sum, cost = log_units(entry[1])
  return sum, cost, tonumber(entry[2])
end

-- The first rank from low to high whose sum is at least target.
local function log_find(key, low, high, target)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if log_at(key, middle) >= target then high = middle else low = middle + 1 end
  end
  return low
end

-- Entries of a future, which this server's clock went back from, were made now at the latest.
local function log_mend(key)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. string.format('%.0f', now), '+inf')) do
    redis.call('ZADD', key, now, member)
  end
end

-- Returns units used, rank of the first entry of the window, sum before it, sum now, last moment.
local function log_window(key, window)
  local sum, cost, last = log_at(key, -1)
  if not sum then return 0, 0, 0, 0, 0 end
  if last > now then
    log_mend(key)
    last = now
  end
  local first = redis.call('ZCOUNT', key, '-inf', now - window)
  local first_sum, first_cost = log_at(key, first)
  if not first_sum then return 0, first, sum, sum, last end
  local before = first_sum - first_cost
  return sum - before, first, before, sum, last
end

measure = function(key, cost, limit, window)
  local used, first, before, sum, last = log_window(key, window)
  local wait = 0
  if cost > limit then
    wait = window
  elseif used + cost > limit then
    local rank = log_find(key, first, redis.call('ZCARD', key) - 1, before + used + cost - limit)
    local _, _, at = log_at(key, rank)
    wait = at + window - now
  end
  return wait, used, used > 0 and last + window - now or 0, used + cost, window, nil, window
end

charge_log = function(key, cost, window)
  local _, _, _, sum = log_window(key, window)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  redis.call('ZADD', key, now, string.format('%016.0f:%.0f', sum + cost, cost))
  redis.call('PEXPIREAT', key, math.ceil((now + window) / 1000))
end

-- Gives the newest units back.
refund_log = function(key, cost, window)
  local used, first, before, sum = log_window(key, window)
  if used == 0 then return end
  local keep = math.max(before, sum - cost)
  local rank = log_find(key, first, redis.call('ZCARD', key) - 1, keep + 1)
  local entry_sum, entry_cost, at = log_at(key, rank)
  redis.call('ZREMRANGEBYRANK', key, rank, -1)
  local left = keep - (entry_sum - entry_cost)
  if left > 0 then redis.call('ZADD', key, at, string.format('%016.0f:%.0f', keep, left)) end
  if redis.call('EXISTS', key) == 1 then
    redis.call('PEXPIREAT', key, math.ceil((now + window) / 1000))
  end
end

newest_sum = function(key)
  return (log_at(key, -1))
end
