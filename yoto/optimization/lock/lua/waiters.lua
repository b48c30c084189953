-- The queue of a lock: a sorted set from ticket to the ms at which its waiter is taken for gone.
-- A ticket is "<16 digits: us of the first try>:<owner>@<channel>".

-- ms that a ticket lasts at most: a longer one dates from before the clock was set back.
local LONGEST_PATIENCE = 5000

-- The ticket that waits longest and is not gone, and the us of its first try.
local function first_waiter(waiters, now)
  redis.call('ZREMRANGEBYSCORE', waiters, '-inf', now)
  redis.call('ZREMRANGEBYSCORE', waiters, now + LONGEST_PATIENCE, '+inf')
  local first, since
  for _, ticket in ipairs(redis.call('ZRANGE', waiters, 0, -1)) do
    local us = tonumber(string.sub(ticket, 1, 16))
    if since == nil or us < since then
      first, since = ticket, us
    end
  end
  return first, since
end

-- Tells the first waiter that the lock is free.
local function wake_first(waiters, now)
  local ticket = first_waiter(waiters, now)
  if ticket then
    local owner, channel = string.match(ticket, '^%d+:([^@]*)@(.*)$')
    redis.call('PUBLISH', channel, owner)
  end
end
