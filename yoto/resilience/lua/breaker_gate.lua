-- Included. Decides whether a call may pass a breaker. Asking changes nothing; entering does.
--@include breaker.lua

-- Returns the breaker, and nil when the call may pass or else microseconds until it may be tried.
local function breaker_ask(key, name, stream, teller, id, metrics_only, max_probes)
  local f = redis.call('HMGET', key, 'state', 'period', 'until', 'since')
  local b = breaker_table(key, name, stream, teller, f[1], f[2], f[3])
  if b.state == 'closed' or b.state == 'none' then return b end
  if b.state == 'isolated' or b.state == 'disabled' then
    b.over = b.until_ <= now
    if b.over or b.state == 'disabled' then return b end
    return b, b.until_ - now
  end
  if metrics_only then return b end
  -- Its beginning is unknown then, so it ends: a probe will show whether rightly.
  b.set_back = tonumber(f[4] or 0) > now
  if b.state == 'open' then
    b.probe = b.until_ <= now or b.set_back
    b.probes = {}
    if b.probe then return b end
    return b, b.until_ - now
  end
  b.probes = {}
  local packed = redis.call('HGET', key, 'probes')
  local running, first = 0, nil
  for probe, lease in pairs(packed and cmsgpack.unpack(packed) or {}) do
    if lease > now and not b.set_back then
      b.probes[probe] = lease
      running = running + 1
      first = math.min(first or lease, lease)
    end
  end
  b.probe = b.probes[id] ~= nil or running < max_probes
  if b.probe then return b end
  return b, first - now
end

-- Lets a call in that may pass. Returns the meaning of its result: 0 is counted, 1 is a probe's, 2 is
-- not wanted.
local function breaker_enter(b, id, lease_us, keep_ms)
  if b.state == 'none' then
    breaker_turn(b, 'closed', 0, 'created', keep_ms)
  elseif b.over then
    breaker_turn(b, 'closed', 0, b.state .. '_expired', keep_ms)
  elseif b.state == 'disabled' then
    return 2
  elseif b.probe then
    if b.state == 'open' then breaker_turn(b, 'half_open', 0, 'recovery_timeout', keep_ms) end
    b.probes[id] = now + lease_us
    redis.call('HSET', b.key, 'probes', cmsgpack.pack(b.probes))
    if b.set_back then redis.call('HSET', b.key, 'since', now) end
    redis.call('PEXPIRE', b.key, keep_ms)
    return 1
  end
  return 0
end
