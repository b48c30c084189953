-- Inserted into limiter.lua. Leaky bucket as a meter: '<ddd' moment, level in units, microseconds a
-- unit, and what leases keep there (limiter_marks.lua), or zero. Twin: algorithms/leaky_bucket.py.
state_length = 24
local NO_MARK = struct.pack('<d', 0)
measure = function(key, cost, limit, window, capacity)
  local interval, level, marks = window / limit, 0, NO_MARK
  local stored = redis.call('GET', key)
  if stored then
    local at, was = struct.unpack('<dd', stored)
    local before = interval
    -- Version 1.0 stored no interval.
    if #stored == 32 then
      before = struct.unpack('<d', stored, 17)
      marks = string.sub(stored, 25)
    end
    if at > now then
      level = was
      keep_as_now(key, struct.pack('<ddd', now, level, interval) .. NO_MARK, level * interval)
    else
      -- It is not known when a limit was changed live, so the slower rate counts.
      level = math.max(0, was - (now - at) / math.max(interval, before))
    end
  end
  local after = math.max(0, level + cost)
  local wait = 0
  if cost > capacity then
    wait = window
  elseif not fits(after, capacity) then
    wait = (after - capacity) * interval
  end
  return wait, level, level * interval, after, after * interval,
    struct.pack('<ddd', now, after, interval) .. marks, after * interval
end
