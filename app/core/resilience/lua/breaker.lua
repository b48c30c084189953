-- Included. The state of a circuit breaker: one hash.
--   state    closed | open | half_open | isolated | disabled
--   period   number of the present state period; grows; results of other periods are ignored
--   until    when open, isolated or disabled ends
--   opens    times opened in a row without a close between
--   reason   why the state is what it is
--   window   packed outcomes (window.lua); streak: failures in a row
--   probes   packed {request id = end of lease}, in half_open
--   failing  packed {instance = {last bad result, end of its local opening}}
--   told     1 while metrics-only has told that it would open
--@include clock.lua
--@include emit.lua

-- Moves the breaker to another state, with a new period and nothing counted, and tells it once.
local function breaker_turn(b, state, until_, reason, keep_ms)
  local old = b.state
  b.period = math.max(b.period + 1, math.floor(now / 1000))
  b.state = state
  b.until_ = until_
  redis.call('HDEL', b.key, 'window', 'streak', 'probes', 'failing', 'told')
  redis.call('HSET', b.key, 'state', state, 'period', b.period, 'until', until_, 'reason', reason)
  if state == 'closed' then redis.call('HDEL', b.key, 'opens') end
  redis.call('PEXPIRE', b.key, math.ceil(math.max(0, until_ - now) / 1000 + keep_ms))
  emit(b.stream, 'breaker.transitioned', {
    name = b.name, old = old, new = state, reason = reason, period = b.period,
    retry_after_ms = state == 'open' and math.ceil((until_ - now) / 1000) or 0,
  })
  b.moved = 1
end

-- Opens for recovery_us, longer each time it opens again without having closed.
local function breaker_open(b, reason, recovery_us, backoff, recovery_max_us, keep_ms)
  local opens = tonumber(redis.call('HINCRBY', b.key, 'opens', 1))
  local length = math.min(recovery_us * backoff ^ (opens - 1), recovery_max_us)
  breaker_turn(b, 'open', now + math.floor(length), reason, keep_ms)
end

-- The table of a breaker that was never heard of counts as closed, in period 0.
local function breaker_table(key, name, stream, state, period, until_)
  return {
    key = key, name = name, stream = stream, moved = 0,
    state = state or 'none', period = tonumber(period or 0), until_ = tonumber(until_ or 0),
  }
end
