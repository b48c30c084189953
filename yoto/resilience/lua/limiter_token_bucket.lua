-- Inserted into limiter.lua. Token bucket as GCRA (ITU-T I.371): how far the theoretical arrival time is ahead of a
-- moment: '<ddd' moment, distance, microseconds a unit, and what leases keep there (limiter_marks.lua).
-- Twin: algorithms/token_bucket.py.
state_length = 24
measure = function(key, cost, limit, window, capacity)
  local interval, ahead, marks = window / limit, 0, ''
  local stored = redis.call('GET', key)
  if stored then
    local at, distance, price = struct.unpack('<ddd', stored)
    marks = string.sub(stored, 25)
    -- A limit that was changed live keeps the units in use, at their new price. It is not known when
    -- it changed, so the slower rate counts.
    ahead = distance * (interval / price)
    if at > now then
      keep_as_now(key, struct.pack('<ddd', now, ahead, interval), ahead)
    else
      ahead = math.max(0, ahead - (now - at) * math.min(1, interval / price))
    end
  end
  local after, room = math.max(0, ahead + cost * interval), capacity * interval
  local wait = 0
  if cost > capacity then
    wait = window
  elseif not fits(after / interval, capacity) then
    wait = after - room
  end
  return wait, ahead / interval, ahead, after / interval, after,
    struct.pack('<ddd', now, after, interval) .. marks, after
end
