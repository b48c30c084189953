-- Inserted into limiter.lua. Leaky bucket as a meter: '<dd' moment, level in units, and
-- what leases keep there (limiter_marks.lua). Twin: algorithms/leaky_bucket.py.
state_length = 16
measure = function(key, cost, limit, window, capacity)
  local interval, level, marks = window / limit, 0, ''
  local stored = redis.call('GET', key)
  if stored then
    local at, was = struct.unpack('<dd', stored)
    marks = string.sub(stored, 17)
    if at > now then
      level = was
      keep_as_now(key, struct.pack('<dd', now, level), level * interval)
    else
      level = math.max(0, was - (now - at) / interval)
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
    struct.pack('<dd', now, after) .. marks, after * interval
end
