-- Queues items; one that waits already is merged with what is submitted.
-- KEYS: 1 state, 2 groups by age, 3 groups by size, 4 kinds, 5 reasons, then items, why and totals of each group
-- ARGV: 1 ms to keep the keys, 2 ms of the rates' window, 3 number of groups, their names, then for each item: number of its group from 1, subject, reason, times
-- returns: {ms of Redis time, items that are new}
-- repeatable: no
--@include shared.lua
local state, by_age, by_size, kinds, reasons = unpack(KEYS, 1, 5)
local ttl, window, groups = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now = now_ms()

local function raise(counts, name, n)
  counts[name] = (counts[name] or 0) + n
end

-- Merges the known reasons of a waiting item with the new ones.
local function and_also(why, reason, times)
  local found = false
  local parts = {}
  for name, n in why:gmatch('([^=,]+)=(%d+)') do
    if name == reason then
      n, found = whole(n + times), true
    end
    parts[#parts + 1] = name .. '=' .. n
  end
  if not found then
    parts[#parts + 1] = reason .. '=' .. whole(times)
  end
  return table.concat(parts, ',')
end

local new, submitted = 0, 0
local added, kinds_of, reasons_of = {}, {}, {}
for at = 4 + groups, #ARGV, 4 do
  local group, subject = tonumber(ARGV[at]), ARGV[at + 1]
  local reason, times = ARGV[at + 2], tonumber(ARGV[at + 3])
  local items, why = KEYS[3 + group * 3], KEYS[4 + group * 3]
  kinds_of[group] = kinds_of[group] or {}
  reasons_of[group] = reasons_of[group] or {}
  local before = ''
  if redis.call('ZADD', items, 'NX', whole(now), subject) == 1 then
    new = new + 1
    raise(added, group, 1)
    raise(kinds_of[group], kind_of(subject), 1)
  else
    before = redis.call('HGET', why, subject) or ''
  end
  redis.call('HSET', why, subject, and_also(before, reason, times))
  raise(reasons_of[group], reason, times)
  submitted = submitted + times
end

for group, found in pairs(reasons_of) do
  local name, totals = ARGV[3 + group], KEYS[5 + group * 3]
  for kind, n in pairs(kinds_of[group]) do
    redis.call('HINCRBY', kinds, kind, n)
    redis.call('HINCRBY', totals, 'k:' .. kind, n)
  end
  for reason, n in pairs(found) do
    redis.call('ZINCRBY', reasons, n, reason)
    redis.call('HINCRBY', totals, 'r:' .. reason, n)
  end
  if added[group] then
    redis.call('ZADD', by_age, 'NX', whole(now), name)
    redis.call('ZINCRBY', by_size, added[group], name)
  end
  keep_for(ttl, KEYS[3 + group * 3], KEYS[4 + group * 3], totals)
end
redis.call('HINCRBY', state, 'waiting', new)
redis.call('HINCRBY', state, 'submitted', submitted)
redis.call('HINCRBY', state, 'merged', submitted - new)
count_rate(state, 'in', new, now, window)
keep_for(ttl, state, by_age, by_size, kinds, reasons)
return {now, new}
