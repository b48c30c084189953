-- Inserted into limiter.lua. Fixed window: '<ddd' start, units used, length; it starts with its first
-- unit, and is as long as the longest that was in force meanwhile. Twin: algorithms/fixed_window.py.
lease_end = function(reset_after) return reset_after end
measure = function(key, cost, limit, window)
  local start, used, span = now, 0, window
  local stored = redis.call('GET', key)
  if stored then
    start, used = struct.unpack('<dd', stored)
    -- Version 1.0 stored no length.
    if #stored > 16 then span = math.max(window, (struct.unpack('<d', stored, 17))) end
    if start > now then
      start, span = now, window
      keep_as_now(key, struct.pack('<ddd', start, used, span), span)
    end
    if used == 0 or now - start >= span then start, used, span = now, 0, window end
  end
  local after, left = math.max(0, used + cost), start + span - now
  local wait = 0
  if cost > limit then
    wait = window
  elseif not fits(after, limit) then
    wait = left
  end
  return wait, used, used > 0 and left or 0, after, after > 0 and left or 0,
    struct.pack('<ddd', start, after, span), left
end
