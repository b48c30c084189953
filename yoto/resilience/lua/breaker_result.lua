-- Included. The effect of a call's result on a breaker.
--@include breaker.lua
--@include window.lua

-- Keeps the instances with recent bad results. Returns 2 when they are enough to open the fleet,
-- 4 when this one must open alone, 1 when nothing opens.
local function breaker_opens_for(b, c, bad, reason)
  local packed = redis.call('HGET', b.key, 'failing')
  local failing, seen = packed and cmsgpack.unpack(packed) or {}, 0
  local source = cmsgpack.unpack(b.teller)[1]
  local me = failing[source]
  if bad then
    me = {now, me and me[2] or 0}
    failing[source] = me
  end
  for instance, state in pairs(failing) do
    if state[1] <= now - c.seen_us then failing[instance] = nil else seen = seen + 1 end
  end
  if reason and seen >= c.min_instances then return 2 end
  local alone = reason ~= nil and bad
  if alone and me[2] <= now then
    me[2] = now + c.recovery_us
    emit(b.stream, b.teller, 'breaker.opened_locally', {
      name = b.name, instance = source, reason = reason, seen = seen,
      needed = c.min_instances, retry_after_ms = math.ceil(c.recovery_us / 1000),
    })
    b.moved = 1
  end
  redis.call('HSET', b.key, 'failing', cmsgpack.pack(failing))
  return alone and 4 or 1
end

-- Metrics-only tells that it would open once, until it would not any more.
local function breaker_tell_once(b, reason, calls, failures, slows)
  if not reason then
    redis.call('HDEL', b.key, 'told')
  elseif redis.call('HSETNX', b.key, 'told', 1) == 1 then
    emit(b.stream, b.teller, 'breaker.would_open', {
      name = b.name, reason = reason, calls = calls, failures = failures, slow_calls = slows,
    })
    b.moved = 1
  end
end

local function breaker_probe_result(b, c, id, outcome)
  if outcome == 1 then
    breaker_open(b, 'probe_failed', c)
    return 2, b
  end
  local happened = 1
  if outcome == 2 or c.successes > 1 then
    local packed = redis.call('HGET', b.key, 'probes')
    local probes = packed and cmsgpack.unpack(packed) or {}
    -- A call whose lease ended may have been replaced by another that counts.
    if outcome == 0 and not probes[id] then happened = 0 end
    probes[id] = nil
    redis.call('HSET', b.key, 'probes', cmsgpack.pack(probes))
    redis.call('PEXPIRE', b.key, c.keep_ms)
    if outcome == 2 or happened == 0 then return happened, b end
    if redis.call('HINCRBY', b.key, 'good', 1) < c.successes then return 1, b end
  end
  breaker_turn(b, 'closed', 0, 'probe_succeeded', c.keep_ms)
  return 3, b
end

-- The settings that only a change of state needs.
local function breaker_config(settings)
  local c = {}
  c.min_instances, c.keep_ms, c.recovery_us, c.backoff, c.recovery_max_us, c.seen_us, c.successes =
    struct.unpack('<ddddddd', settings, 57)
  return c
end

-- The reason for which a breaker opens at these counts of its window, if it does.
local function breaker_reason(streak, calls, failures, slows, minimum, failure_rate, slow_rate,
    consecutive)
  if consecutive > 0 and streak >= consecutive then return 'consecutive_failures' end
  if calls < minimum then return nil end
  if failures * 100 >= failure_rate * calls then return 'failure_rate' end
  if slows * 100 >= slow_rate * calls then return 'slow_call_rate' end
end

-- Returns 0 ignored (of another period, or not wanted), 1 counted, 2 opened, 3 closed, 4 this
-- instance alone opens; and the breaker. settings: '<dddddddddddddd' metrics only, counts calls,
-- window size, minimum calls, failure rate, slow rate, failures in a row, min_instances, keep_ms,
-- recovery time, its backoff, its maximum, for how long an instance's bad results count,
-- good probes that close.
-- count: calls that ended so, one after another; more than one only for successes in time.
local function breaker_result(key, name, stream, teller, id, period, outcome, slow, settings, count)
  local metrics_only, by_count, size, minimum, failure_rate, slow_rate, consecutive, min_instances,
    keep_ms = struct.unpack('<ddddddddd', settings)
  local window, field = time_window, 'buckets'
  if by_count == 1 then window, field = count_window, 'ring' end
  local f = redis.call('HMGET', key, 'state', 'period', field, 'streak')
  local b = breaker_table(key, name, stream, teller, f[1], f[2])
  local state = b.state
  if b.period ~= period or state == 'isolated' or state == 'disabled' then return 0, b end

  if state == 'half_open' and metrics_only == 0 then
    return breaker_probe_result(b, breaker_config(settings), id, outcome)
  end
  if outcome == 2 or state == 'open' and metrics_only == 0 then return 0, b end

  local failed = outcome == 1 and 1 or 0
  local _, calls_before, failures_before, slows_before
  if count > 1 then _, calls_before, failures_before, slows_before = window(f[3], size, 0, 0, 0) end
  local packed, calls, failures, slows, renew = window(f[3], size, count, failed, slow)
  local streak = failed == 1 and (tonumber(f[4]) or 0) + 1 or 0
  redis.call('HSET', key, field, packed, 'streak', streak)
  if renew then redis.call('PEXPIRE', key, keep_ms) end

  -- A success opens when it is the call that makes a rate defined: of several, the one that was it.
  if count > 1 and calls_before < minimum and calls_before + count >= minimum then
    calls, failures, slows = minimum, failures_before, slows_before
  end
  local reason = breaker_reason(streak, calls, failures, slows, minimum, failure_rate, slow_rate,
    consecutive)
  if metrics_only == 1 then
    breaker_tell_once(b, reason, calls, failures, slows)
    return 1, b
  end
  local bad = failed == 1 or slow == 1
  if not reason and not (bad and min_instances > 1) then return 1, b end
  local c = breaker_config(settings)
  local opens_for = min_instances > 1 and breaker_opens_for(b, c, bad, reason) or 2
  if opens_for == 2 then breaker_open(b, reason, c, calls, failures, slows) end
  return opens_for, b
end
