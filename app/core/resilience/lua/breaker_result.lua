-- Included. What the result of a call does to a breaker.
--@include breaker.lua
--@include window.lua

-- Why a window opens the breaker, or nil.
local function breaker_verdict(c, calls, failures, slows, streak)
  if c.consecutive > 0 and streak >= c.consecutive then return 'consecutive_failures' end
  if calls < c.minimum then return nil end
  if failures * 100 >= c.failure_rate * calls then return 'failure_rate' end
  if slows * 100 >= c.slow_rate * calls then return 'slow_call_rate' end
  return nil
end

-- Keeps which instances had bad results lately. Returns 2 when they are enough to open the fleet,
-- 4 when this one must open alone, 1 when nothing opens.
local function breaker_opens_for(b, c, packed, bad, reason)
  local failing, seen = packed and cmsgpack.unpack(packed) or {}, 0
  local me = failing[b.stream.source]
  if bad then
    me = {now, me and me[2] or 0}
    failing[b.stream.source] = me
  end
  for instance, state in pairs(failing) do
    if state[1] <= now - c.seen_us then failing[instance] = nil else seen = seen + 1 end
  end
  if reason and seen >= c.min_instances then return 2 end
  local alone = reason ~= nil and bad
  if alone and me[2] <= now then
    me[2] = now + c.recovery_us
    emit(b.stream, 'breaker.opened_locally', {
      name = b.name, instance = b.stream.source, reason = reason, seen = seen,
      needed = c.min_instances, retry_after_ms = math.ceil(c.recovery_us / 1000),
    })
    b.moved = 1
  end
  redis.call('HSET', b.key, 'failing', cmsgpack.pack(failing))
  return alone and 4 or 1
end

-- Returns 0 ignored (of another period, or not wanted), 1 counted, 2 opened, 3 closed, 4 this
-- instance alone opens.
local function breaker_result(key, name, stream, id, period, outcome, slow, settings)
  local c = {}
  c.metrics_only, c.by_count, c.size, c.minimum, c.failure_rate, c.slow_rate, c.consecutive,
    c.recovery_us, c.backoff, c.recovery_max_us, c.min_instances, c.seen_us, c.keep_ms =
    struct.unpack('<ddddddddddddd', settings)
  local window, field = time_window, 'buckets'
  if c.by_count == 1 then window, field = count_window, 'ring' end
  local f = redis.call('HMGET', key, 'state', 'period', 'until', 'probes', field, 'streak',
    'failing', 'told')
  local b = breaker_table(key, name, stream, f[1], f[2], f[3])
  if b.period ~= period then return 0, b end
  local failed = outcome == 1 and 1 or 0

  if b.state == 'half_open' and c.metrics_only == 0 then
    if outcome == 1 then
      breaker_open(b, 'probe_failed', c)
      return 2, b
    elseif outcome == 0 then
      breaker_turn(b, 'closed', 0, 'probe_succeeded', c.keep_ms)
      return 3, b
    end
    local probes = f[4] and cmsgpack.unpack(f[4]) or {}
    probes[id] = nil
    redis.call('HSET', key, 'probes', cmsgpack.pack(probes))
    redis.call('PEXPIRE', key, c.keep_ms)
    return 1, b
  end
  if outcome == 2 or b.state == 'isolated' or b.state == 'disabled' then return 0, b end
  if b.state == 'open' and c.metrics_only == 0 then return 0, b end

  local packed, calls, failures, slows = window(f[5], c.size, 1, failed, slow)
  local streak = failed == 1 and (tonumber(f[6]) or 0) + 1 or 0
  local reason = breaker_verdict(c, calls, failures, slows, streak)
  redis.call('HSET', key, field, packed, 'streak', streak)
  redis.call('PEXPIRE', key, c.keep_ms)

  if c.metrics_only == 1 then
    if reason and not f[8] then
      redis.call('HSET', key, 'told', 1)
      emit(stream, 'breaker.would_open', {
        name = name, reason = reason, calls = calls, failures = failures, slow_calls = slows,
      })
      b.moved = 1
    elseif f[8] and not reason then
      redis.call('HDEL', key, 'told')
    end
    return 1, b
  end
  local bad = failed == 1 or slow == 1
  if c.min_instances > 1 and (bad or reason) then
    local opens_for = breaker_opens_for(b, c, f[7], bad, reason)
    if opens_for ~= 2 then return opens_for, b end
  elseif not reason then
    return 1, b
  end
  breaker_open(b, reason, c, calls, failures, slows)
  return 2, b
end
