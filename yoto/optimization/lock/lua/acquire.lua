-- Takes a lock, or queues for it. Only the longest waiter may take a free lock.
-- The fencing token is at least the time in us: it grows even after the counter was lost, since no
-- lock is taken twice within one.
-- KEYS: 1 lock, 2 fence, 3 waiters, 4 how long its lease may last, where that is not what its value says
-- ARGV: 1 owner ("<id>.<lease in ms>"), 2 lease in ms, 3 ms to keep the fence, 4 ticket ('' at first), 5 ms until this waiter is taken for gone (0: do not queue), 6 channel that wakes the waiter
-- returns: {1, token} when taken, else {0, ms after which to ask again at the latest, ticket}
-- repeatable: yes
--@include waiters.lua
local lock, fence, waiters = KEYS[1], KEYS[2], KEYS[3]
local owner, ticket = ARGV[1], ARGV[4]
local time = redis.call('TIME')
local us = time[1] * 1000000 + time[2]
local now = math.floor(us / 1000)

if ticket ~= '' and tonumber(string.sub(ticket, 1, 16)) > us then
  -- The clock was set back. A newcomer must not overtake, so the wait begins now too.
  redis.call('ZREM', waiters, ticket)
  ticket = ''
end

local held = redis.call('GET', lock)
if held then
  local token, holder = string.match(held, '^(%d+):(.*)$')
  if holder == owner then
    -- Taken by this very call, whose reply was lost. It is written again, since replicas confirm
    -- to a connection what that connection wrote.
    redis.call('PEXPIRE', lock, ARGV[2])
    return {1, token}
  end
else
  local _, since = first_waiter(waiters, now)
  if since == nil or (ticket ~= '' and tonumber(string.sub(ticket, 1, 16)) <= since) then
    local token = math.max(tonumber(redis.call('GET', fence) or '0') + 1, us)
    token = string.format('%.0f', token)
    redis.call('SET', fence, token, 'PX', ARGV[3])
    redis.call('SET', lock, token .. ':' .. owner, 'NX', 'PX', ARGV[2])
    if ticket ~= '' then
      redis.call('ZREM', waiters, ticket)
    end
    return {1, token}
  end
end

local patience = tonumber(ARGV[5])
if patience > 0 then
  if ticket == '' then
    ticket = string.format('%016.0f:%s@%s', us, owner, ARGV[6])
  end
  redis.call('ZADD', waiters, now + patience, ticket)
  if redis.call('PTTL', waiters) < patience then
    redis.call('PEXPIRE', waiters, patience)
  end
end
if not held then
  return {0, patience, ticket}
end
-- A holder that died sends no wake-up: its lease says when to ask.
local left = redis.call('PTTL', lock)
local lease = tonumber(string.match(held, '%.(%d+)$'))
if lease and left > lease then
  local longer, of = string.match(redis.call('GET', KEYS[4]) or '', '^(%d+):(.*)$')
  if of == held then
    lease = tonumber(longer)
  end
end
if lease and left > lease then
  -- The clock was set back: nobody may block the others for longer than a lease.
  redis.call('PEXPIRE', lock, lease)
  left = lease
end
return {0, left, ticket}
