-- Included. A bulkhead: who is inside and who waits.
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

-- Free slots, after the ones of crashed holders were taken back if there are none.
local function bulkhead_free(holders, cap)
  local held = redis.call('ZCARD', holders)
  if held >= cap and held > 0 and redis.call('ZREMRANGEBYSCORE', holders, '-inf', now) > 0 then
    held = redis.call('ZCARD', holders)
  end
  return cap - held
end

-- Whether somebody who does not wait may enter: those who wait come first.
local function bulkhead_ask(holders, queue, alive, cap)
  local free = bulkhead_free(holders, cap)
  if free <= 0 then return false end
  local waiting = redis.call('ZCARD', queue)
  if waiting > 0 then
    bulkhead_sweep_queue(queue, alive)
    waiting = redis.call('ZCARD', queue)
  end
  return free > waiting
end

local function bulkhead_keep(holders, lease_us)
  local lease_ms = math.ceil(lease_us / 1000)
  -- Another holder's lease may be longer, if the setting was changed live.
  if redis.call('PEXPIRE', holders, lease_ms, 'GT') == 0 then
    if redis.call('PTTL', holders) == -1 then redis.call('PEXPIRE', holders, lease_ms) end
  end
end

local function bulkhead_enter(holders, id, lease_us)
  redis.call('ZADD', holders, now + lease_us, id)
  bulkhead_keep(holders, lease_us)
end
