-- Takes a read-write lock to read or to write, or queues for it. A reader waits for the writers who
-- came before, a writer for everybody who did.
-- KEYS: 1 lock, 2 fence, 3 waiters, 4 readers, 5 state (rw.lua)
-- ARGV: 1 owner, 2 lease in ms, 3 ms to keep the fence, 4 ticket ('' at first), 5 ms until this waiter is taken for gone (0: do not queue), 6 channel that wakes the waiter
-- returns: {1, token} when taken, else {0, ms after which to ask again at the latest, ticket}
-- repeatable: yes
--@include rw.lua
local lock, fence, waiters, readers, state = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local owner, ticket = ARGV[1], ARGV[4]
local writing = string.sub(owner, 1, 1) == 'w'
local time = redis.call('TIME')
local us = time[1] * 1000000 + time[2]
local now = math.floor(us / 1000)

if ticket ~= '' and tonumber(string.sub(ticket, 1, 16)) > us then
  -- The clock was set back. Who comes now must not overtake, so the wait begins now too.
  redis.call('ZREM', waiters, ticket)
  ticket = ''
end

local held = redis.call('GET', lock)
if held and owner_of(held) == owner then
  -- Taken by this very call, whose reply was lost; see acquire.lua.
  redis.call('PEXPIRE', lock, ARGV[2])
  return {1, (string.match(held, '^%d+'))}
end
local reading, last = 0, now
if writing and not held then
  reading, last = living_readers(readers, state, now)
end

if not held and reading == 0 then
  local since
  if writing then
    local _
    _, since = first_waiter(waiters, now)
  else
    since = first_writer(waiters, now)
  end
  local mine = ticket ~= '' and tonumber(string.sub(ticket, 1, 16))
  -- A reader that is in already lost the reply to this very call.
  if since == nil or mine and mine <= since
    or not writing and redis.call('ZSCORE', readers, owner) then
    local token = math.max(tonumber(redis.call('GET', fence) or '0') + 1, us)
    token = string.format('%.0f', token)
    redis.call('SET', fence, token, 'PX', ARGV[3])
    if writing then
      redis.call('SET', lock, token .. ':' .. owner, 'PX', ARGV[2])
      redis.call('HSET', state, 'writer', token)
    else
      redis.call('ZADD', readers, now + tonumber(ARGV[2]), owner)
      keep(readers, ARGV[2])
      redis.call('HSETNX', state, 'writer', '0')
    end
    keep(state, ARGV[3])
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
  keep(waiters, patience)
end
if held then
  -- A holder that died tells nobody: its lease says when to ask.
  local left, lease = redis.call('PTTL', lock), longest_lease(state, owner_of(held))
  if left > lease then
    redis.call('PEXPIRE', lock, lease)
    left = lease
  end
  return {0, left, ticket}
end
return {0, reading > 0 and math.max(1, last - now) or patience, ticket}
