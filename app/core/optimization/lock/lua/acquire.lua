-- Takes a lock, or queues for it. Only who has waited longest may take a free lock.
-- The fencing token is at least the time in us: it grows even after the counter was lost, since no
-- lock is taken twice within one.
-- KEYS: 1 lock, 2 fence, 3 waiters
-- ARGV: 1 owner, 2 lease in ms, 3 ms to keep the fence, 4 ticket ('' at first), 5 ms until this waiter is taken for gone (0: do not queue), 6 channel that wakes the waiter
-- returns: {1, token} when taken, else {0, ms after which to ask again at the latest, ticket}
-- repeatable: yes
--@include waiters.lua
local lock, fence, waiters = KEYS[1], KEYS[2], KEYS[3]
local owner, ticket = ARGV[1], ARGV[4]
local time = redis.call('TIME')
local us = time[1] * 1000000 + time[2]
local now = math.floor(us / 1000)

local held = redis.call('GET', lock)
if held then
  local token, holder = string.match(held, '^(%d+):(.*)$')
  if holder == owner then
    -- Taken by this very call, whose reply was lost.
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
  redis.call('PEXPIRE', waiters, patience)
end
-- A holder that died tells nobody: its lease says when to ask.
return {0, held and redis.call('PTTL', lock) or patience, ticket}
