-- Included. A bulkhead: its holders and its waiters.
--   holders  sorted set, request id by end of lease
--   queue    sorted set, request id by moment of arrival
--   alive    sorted set, request id by the moment until which a waiter counts as alive
--@include clock.lua

local function bulkhead_sweep_queue(queue, alive)
  local dead = redis.call('ZRANGEBYSCORE', alive, '-inf', now, 'LIMIT', 0, 1000)
  if #dead > 0 then
    redis.call('ZREM', queue, unpack(dead))
    redis.call('ZREM', alive, unpack(dead))
  end
end

-- The number of holders, after the slots of crashed holders were taken back if there is no room.
local function bulkhead_held(holders, cap)
  local held = redis.call('ZCARD', holders)
  if held >= cap and held > 0 and redis.call('ZREMRANGEBYSCORE', holders, '-inf', now) > 0 then
    held = redis.call('ZCARD', holders)
  end
  return held
end

-- The number of holders when a caller that does not wait may enter, else nil: waiters come first.
local function bulkhead_ask(holders, queue, alive, cap)
  local held = bulkhead_held(holders, cap)
  if held >= cap then return nil end
  local waiting = redis.call('ZCARD', queue)
  if waiting > 0 then
    bulkhead_sweep_queue(queue, alive)
    waiting = redis.call('ZCARD', queue)
  end
  return held + waiting < cap and held or nil
end

-- Keeps a holder, new or known, for the length of its lease; `held`: how many were inside before.
local function bulkhead_enter(holders, id, lease_us, held)
  local ends = now + lease_us
  local ends_ms = math.ceil(ends / 1000)
  redis.call('ZADD', holders, ends, id)
  if held == 0 then
    redis.call('PEXPIREAT', holders, ends_ms)
  else
    -- Another holder's lease may be longer, if the setting was changed live.
    redis.call('PEXPIREAT', holders, ends_ms, 'GT')
  end
end
