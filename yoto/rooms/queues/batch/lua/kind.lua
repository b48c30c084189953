-- The queue of one kind of items, as every script about it sees it.
--
-- An item is one entry of a stream and stays that until it is done or dead. It is waiting (not
-- delivered yet), in flight (in `leases`, by the ms at which its lease ends) or delayed (in
-- `delayed`, by the ms at which it is tried again). A delivered item is pending in the group: its
-- owner is the consumer that has it, and its delivery count is the number of the try.

local GROUP = 'workers'
-- The owner of delayed items, so that their last consumer does not own them any more.
local NOBODY = '(delayed)'
local KEYS_OF_KIND = 6

local function kind_at(first)
  return {
    stream = KEYS[first],
    leases = KEYS[first + 1],
    delayed = KEYS[first + 2],
    counts = KEYS[first + 3],
    dead = KEYS[first + 4],
    letters = KEYS[first + 5],
  }
end

local function milliseconds()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function count(kind, name, by)
  if by > 0 then
    redis.call('HINCRBY', kind.counts, name, by)
  end
end

-- Rates are read from a ring of short sums, each with the number of its stretch of time.
local STRETCH = 2000
local STRETCHES = 8

local function meter(kind, name, by, now)
  local stretch = math.floor(now / STRETCH)
  local field = string.format('%s:%d', name, stretch % STRETCHES)
  local at, sum = string.match(redis.call('HGET', kind.counts, field) or '', '^(%d+) (%d+)$')
  if tonumber(at) ~= stretch then
    sum = 0
  end
  redis.call('HSET', kind.counts, field, string.format('%d %d', stretch, sum + by))
end

-- All keys of a kind end together, when nobody has put or waited for such items for long.
local function keep(kind, ms)
  for _, key in pairs(kind) do
    redis.call('PEXPIRE', key, ms)
  end
end

-- A key that was made just now ends with the others.
local function lasting(kind, key)
  if redis.call('PTTL', key) == -1 then
    redis.call('PEXPIRE', key, redis.call('PTTL', kind.stream))
  end
end

local function lease_to(kind, ...)
  redis.call('ZADD', kind.leases, ...)
  lasting(kind, kind.leases)
end

local function has_group(kind)
  return #redis.call('XINFO', 'GROUPS', kind.stream) > 0
end

-- Whether there is such a queue. A stream whose group was lost gets it again, from the first entry,
-- since nobody can say any more which entries were given to whom.
local function there_is(kind)
  if redis.call('EXISTS', kind.stream) == 0 then
    return false
  end
  if not has_group(kind) then
    redis.call('XGROUP', 'CREATE', kind.stream, GROUP, '0')
  end
  return true
end

local function add(kind, payload, first)
  if not there_is(kind) then
    redis.call('XGROUP', 'CREATE', kind.stream, GROUP, '0', 'MKSTREAM')
  end
  if first then
    return redis.call('XADD', kind.stream, '*', 'payload', payload, 'first', first)
  end
  return redis.call('XADD', kind.stream, '*', 'payload', payload)
end

local function length(kind)
  return redis.call('XLEN', kind.stream)
end

local function waiting(kind)
  return length(kind) - redis.call('ZCARD', kind.leases) - redis.call('ZCARD', kind.delayed)
end

-- Milliseconds of an entry's id.
local function moment(id)
  return tonumber(string.match(id, '^%d+'))
end

-- Takes an entry out of the queue for good.
local function remove(kind, ids)
  redis.call('XACK', kind.stream, GROUP, unpack(ids))
  redis.call('XDEL', kind.stream, unpack(ids))
  redis.call('ZREM', kind.leases, unpack(ids))
end
