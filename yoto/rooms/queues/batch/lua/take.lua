-- Gives a consumer the items for one call of a handler: a batch of new ones of one kind, or a single
-- one that was tried before. Items whose lease ran out on the last try go to the dead letters.
-- KEYS: six for each kind, in the order in which they are served
-- ARGV: 1 consumer, 2 items of a full batch, 3 ms after which a smaller one is given, 4 lease in ms, 5 most tries, 6 dead letters to keep, 7 longest delay in ms, 8 1 to look at what was tried before first
-- returns: {number of the kind, {id, try, fields}...}, or {0, ms until there may be something, 1 if a batch is gathering, last id of each kind...}
-- repeatable: no
--@include dead.lua
local consumer = ARGV[1]
local size, age, lease = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local most_tries, kept, longest = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local now = milliseconds()
-- Items looked at in one call, of each sort.
local SOME = 100

-- Moments that could not be set at this clock are from before it was set back.
local function mend(set, span, moment_now)
  local far = redis.call('ZRANGEBYSCORE', set, '(' .. now + 2 * span, '+inf', 'LIMIT', 0, SOME)
  for _, id in ipairs(far) do
    redis.call('ZADD', set, moment_now, id)
  end
end

-- Takes an item whose moment in `set` has come, for one more try.
local function again(kind, set)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', set, '-inf', now, 'LIMIT', 0, SOME)) do
    local pending = redis.call('XPENDING', kind.stream, GROUP, id, id, 1)[1]
    redis.call('ZREM', set, id)
    if pending then
      local tries = pending[4]
      local lapsed = set == kind.leases
      count(kind, 'lapsed', lapsed and 1 or 0)
      if lapsed and tries >= most_tries then
        local reason = 'the lease of ' .. pending[2] .. ' ran out: it died or stood still'
        bury(kind, id, tries, reason, now, kept)
      else
        local claimed = redis.call('XCLAIM', kind.stream, GROUP, consumer, 0, id)[1]
        if claimed then
          lease_to(kind, now + lease, id)
          count(kind, 'delivered', 1)
          return {{id, tries + 1, claimed[2]}}
        end
      end
    end
  end
end

local function tried_before(kind)
  mend(kind.leases, lease, now + lease)
  mend(kind.delayed, longest, now)
  return again(kind, kind.delayed) or again(kind, kind.leases)
end

-- The id of the last entry that was given to any consumer.
local function last_given(kind)
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', kind.stream)) do
    for index = 1, #group, 2 do
      if group[index] == 'last-delivered-id' then
        return group[index + 1]
      end
    end
  end
end

local function given(kind, entries)
  local items, leases = {}, {}
  for _, entry in ipairs(entries) do
    items[#items + 1] = {entry[1], 1, entry[2]}
    leases[#leases + 1] = now + lease
    leases[#leases + 1] = entry[1]
  end
  lease_to(kind, unpack(leases))
  count(kind, 'delivered', #items)
  return items
end

local soonest = longest
local gathering = 0

local function fresh(kind)
  local there = waiting(kind)
  if there <= 0 then
    return
  end
  if there < size and age > 0 then
    local oldest = redis.call('XRANGE', kind.stream, '(' .. last_given(kind), '+', 'COUNT', 1)[1]
    local left = oldest and moment(oldest[1]) + age - now or 0
    -- An item from the future was put in before the clock was set back.
    if left > 0 and left <= age then
      soonest = math.min(soonest, left)
      gathering = 1
      return
    end
  end
  local reply = redis.call(
    'XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', size, 'STREAMS', kind.stream, '>')
  return reply and given(kind, reply[1][2])
end

local first, second = fresh, tried_before
if ARGV[8] == '1' then
  first, second = tried_before, fresh
end
local kinds = {}
for number = 1, #KEYS / KEYS_OF_KIND do
  local kind = kind_at((number - 1) * KEYS_OF_KIND + 1)
  kinds[number] = kind
  if there_is(kind) then
    local items = first(kind) or second(kind)
    if items then
      return {number, unpack(items)}
    end
    for _, set in ipairs({kind.leases, kind.delayed}) do
      local next_one = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
      if next_one[2] then
        soonest = math.min(soonest, math.max(0, next_one[2] - now))
      end
    end
  end
end

local reply = {0, math.ceil(soonest), gathering}
for number, kind in ipairs(kinds) do
  reply[number + 3] = redis.call('EXISTS', kind.stream) == 1 and last_given(kind) or '0-0'
end
return reply
