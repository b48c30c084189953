-- Included. The state of a circuit breaker: one hash.
--   state    closed | open | half_open | isolated | disabled
--   period   number of the present state period; grows; results of other periods are ignored
--   until    when open, isolated or disabled ends
--   since    when the state began; in the future after this server's clock went back
--   opens    times opened in a row without a close between
--   reason   why the state is what it is
--   ring, buckets   packed outcomes of a count or a time window (window.lua)
--   streak   failures in a row
--   probes   packed {request id = end of lease}, in half_open
--   good     probes that succeeded, in half_open, where more than one must
--   failing  packed {instance = {last bad result, end of its local opening}}
--   told     1 while metrics-only has told that it would open
--@include clock.lua
--@include emit.lua

-- Moves the breaker to another state, with a new period and nothing counted, and tells it once. What
-- opened it stays to be looked at.
local function breaker_turn(b, state, until_, reason, keep_ms, calls, failures, slows)
  local old = b.state
  b.period = math.max(b.period + 1, math.floor(now / 1000))
  b.state = state
  b.until_ = until_
  redis.call('HDEL', b.key, 'streak', 'probes', 'good', 'failing', 'told')
  if state ~= 'open' then redis.call('HDEL', b.key, 'ring', 'buckets') end
  redis.call('HSET', b.key, 'state', state, 'period', b.period, 'until', until_, 'since', now,
    'reason', reason)
  if state == 'closed' then redis.call('HDEL', b.key, 'opens') end
  redis.call('PEXPIRE', b.key, math.ceil(math.max(0, until_ - now) / 1000 + keep_ms))
  emit(b.stream, b.teller, 'breaker.transitioned', {
    name = b.name, old = old, new = state, reason = reason, period = b.period,
    retry_after_ms = state == 'open' and math.ceil((until_ - now) / 1000) or 0,
    calls = calls or 0, failures = failures or 0, slow_calls = slows or 0,
  })
  b.moved = 1
end

-- Opens for c.recovery_us, longer each time it opens again without having closed.
local function breaker_open(b, reason, c, calls, failures, slows)
  local opens = tonumber(redis.call('HINCRBY', b.key, 'opens', 1))
  local length = math.min(c.recovery_us * c.backoff ^ (opens - 1), c.recovery_max_us)
  breaker_turn(b, 'open', now + math.floor(length), reason, c.keep_ms, calls, failures, slows)
end

-- The table of a breaker that was never heard of counts as closed, in period 0.
local function breaker_table(key, name, stream, teller, state, period, until_)
  return {
    key = key, name = name, stream = stream, teller = teller, moved = 0,
    state = state or 'none', period = tonumber(period or 0), until_ = tonumber(until_ or 0),
  }
end
