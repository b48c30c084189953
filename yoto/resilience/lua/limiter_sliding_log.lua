-- Inserted into limiter.lua. Sliding log: a sorted set, score the moment of a charge, member
-- '<sum>:<cost>:<window>' where sum is all units ever charged up to and with this one, 16 digits. Both
-- grow along the set, so that use and waiting time take a few look-ups and no scan. A window that was
-- made shorter live still counts for what was charged in it: ';<window>@<end>' is behind the member for
-- each longer one, longest and soonest over first. Twin: algorithms/sliding_log.py.

local function log_units(member)
  local sum, cost = string.match(member, '^(%d+):(%d+)')
  return tonumber(sum), tonumber(cost)
end

local function log_at(key, rank)
  local entry = redis.call('ZRANGE', key, rank, rank, 'WITHSCORES')
  if not entry[1] then return nil end
  local sum, cost = log_units(entry[1])
  return sum, cost, tonumber(entry[2]), entry[1]
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

-- The windows longer than this one that still count, each until its end, by the newest entry.
local function log_longer(newest, last, window)
  local longer = {}
  local function add(length, ends)
    if length > window and ends > now then longer[#longer + 1] = {length = length, ends = ends} end
  end
  for length, ends in string.gmatch(newest, ';(%d+)@(%d+)') do
    -- A clock that was set back may not prolong them.
    length = tonumber(length)
    add(length, math.min(tonumber(ends), now + length))
  end
  local own = tonumber(string.match(newest, '^%d+:%d+:(%d+)'))
  if own then add(own, last + own) end
  return longer
end

-- The time at which units charged at a moment stop counting.
local function log_leaves(at, window, longer)
  local from = 0
  for _, one in ipairs(longer) do
    local leaves = math.max(at + one.length, from)
    if leaves < one.ends then return leaves end
    from = one.ends
  end
  return math.max(at + window, from)
end

-- Returns units used, rank of the first entry that counts, sum before it, sum now, last moment, and
-- the longer windows.
local function log_window(key, window)
  local sum, cost, last, newest = log_at(key, -1)
  if not sum then return 0, 0, 0, 0, 0, {} end
  if last > now then
    log_mend(key)
    last = now
  end
  local longer = log_longer(newest, last, window)
  local length = longer[1] and longer[1].length or window
  local first = redis.call('ZCOUNT', key, '-inf', now - length)
  local first_sum, first_cost = log_at(key, first)
  if not first_sum then return 0, first, sum, sum, last, longer end
  local before = first_sum - first_cost
  return sum - before, first, before, sum, last, longer
end

measure = function(key, cost, limit, window)
  local used, first, before, sum, last, longer = log_window(key, window)
  local wait = 0
  if cost > limit then
    wait = window
  elseif used + cost > limit then
    local rank = log_find(key, first, redis.call('ZCARD', key) - 1, before + used + cost - limit)
    local _, _, at = log_at(key, rank)
    wait = log_leaves(at, window, longer) - now
  end
  return wait, used, used > 0 and log_leaves(last, window, longer) - now or 0, used + cost,
    log_leaves(now, window, longer) - now, nil, window
end

local function log_keep_key(key, window, longer, last)
  redis.call('PEXPIREAT', key, end_of(key, log_leaves(last, window, longer)))
end

local function log_member(sum, cost, window, longer)
  local member = string.format('%016.0f:%.0f:%.0f', sum, cost, window)
  for _, one in ipairs(longer) do
    member = member .. string.format(';%.0f@%.0f', one.length, one.ends)
  end
  return member
end

local function log_add(key, at, sum, cost, window, longer)
  redis.call('ZADD', key, at, log_member(sum, cost, window, longer))
end

charge_log = function(key, cost, window)
  local _, first, _, sum, _, longer = log_window(key, window)
  if first > 0 then redis.call('ZREMRANGEBYRANK', key, 0, first - 1) end
  log_add(key, now, sum + cost, cost, window, longer)
  log_keep_key(key, window, longer, now)
end

-- Gives the newest units back.
refund_log = function(key, cost, window)
  local used, first, before, sum, _, longer = log_window(key, window)
  if used == 0 then return end
  local keep = math.max(before, sum - cost)
  local rank = log_find(key, first, redis.call('ZCARD', key) - 1, keep + 1)
  local entry_sum, entry_cost, at = log_at(key, rank)
  redis.call('ZREMRANGEBYRANK', key, rank, -1)
  local left = keep - (entry_sum - entry_cost)
  if left > 0 then log_add(key, at, keep, left, window, longer) end
  if redis.call('EXISTS', key) == 1 then log_keep_key(key, window, longer, now) end
end

-- Forgets units that no longer count; the newest entry says in which window the others were charged.
keep_log = function(key, window)
  local _, first, _, _, last, longer = log_window(key, window)
  local sum, cost, at, newest = log_at(key, -1)
  if not sum then return end
  log_add(key, at, sum, cost, window, longer)
  if log_member(sum, cost, window, longer) ~= newest then redis.call('ZREM', key, newest) end
  if first > 0 then redis.call('ZREMRANGEBYRANK', key, 0, first - 1) end
  log_keep_key(key, window, longer, last)
end

newest_sum = function(key)
  return (log_at(key, -1))
end
