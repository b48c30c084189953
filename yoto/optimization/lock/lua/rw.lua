-- Included. A read-write lock: one writer or any number of readers, in the order in which they came.
--   lock     "<token>:<owner>" of the writer
--   readers  sorted set from the owner of each reader to the ms at which its lease ends
--   state    hash: writer = token of the last writer; <owner> = ms for which its lease may last, where
--            that is not what its name says
-- An owner is "<r or w><id>.<lease in ms>".
--@include waiters.lua

local function owner_of(value)
  return string.match(value or '', '^%d+:(.*)$')
end

-- ms that a holder's lease may last.
local function longest_lease(state, owner)
  local longer = redis.call('HGET', state, owner)
  return tonumber(longer or string.match(owner, '%.(%d+)$'))
end

-- How many readers there are, and the ms at which the last of their leases ends.
local function living_readers(readers, state, now)
  redis.call('ZREMRANGEBYSCORE', readers, '-inf', now)
  local flat, last = redis.call('ZRANGE', readers, 0, -1, 'WITHSCORES'), now
  for i = 1, #flat, 2 do
    local ends = tonumber(flat[i + 1])
    if ends > now + tonumber(string.match(flat[i], '%.(%d+)$')) then
      local latest = now + longest_lease(state, flat[i])
      if ends > latest then
        -- The clock was set back: nobody may block a writer for longer than a lease.
        ends = latest
        redis.call('ZADD', readers, ends, flat[i])
      end
    end
    last = math.max(last, ends)
  end
  return #flat / 2, last
end

local function is_writer(ticket)
  return string.sub(ticket, 18, 18) == 'w'
end

-- us of the first try of the writer who waits longest.
local function first_writer(waiters, now)
  first_waiter(waiters, now)
  local since
  for _, ticket in ipairs(redis.call('ZRANGE', waiters, 0, -1)) do
    local us = tonumber(string.sub(ticket, 1, 16))
    if is_writer(ticket) and (since == nil or us < since) then
      since = us
    end
  end
  return since
end

-- Tells who may come in by now: the first writer, or all readers who came before it.
local function wake_next(waiters, now, somebody_reads)
  first_waiter(waiters, now)
  local tickets = redis.call('ZRANGE', waiters, 0, -1)
  table.sort(tickets)
  for place, ticket in ipairs(tickets) do
    if is_writer(ticket) and (place > 1 or somebody_reads) then
      return
    end
    local owner, channel = string.match(ticket, '^%d+:([^@]*)@(.*)$')
    redis.call('PUBLISH', channel, owner)
    if is_writer(ticket) then
      return
    end
  end
end

-- Keeps a key for so long at least.
local function keep(key, ms)
  if redis.call('PTTL', key) < tonumber(ms) then
    redis.call('PEXPIRE', key, ms)
  end
end
