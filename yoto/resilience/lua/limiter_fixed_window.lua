-- Inserted into limiter.lua. Fixed window: '<dd' start, units used; it starts with its first unit. Twin:
-- algorithms/fixed_window.py.
lease_end = function(reset_after) return reset_after end
measure = function(key, cost, limit, window)
  local start, used = now, 0
  local stored = redis.call('GET', key)
  if stored then
    start, used = struct.unpack('<dd', stored)
    if start > now then
      start = now
      keep_as_now(key, struct.pack('<dd', start, used), window)
    end
    if used == 0 or now - start >= window then start, used = now, 0 end
  end
  local after, left = math.max(0, used + cost), start + window - now
  local wait = 0
  if cost > limit then
    wait = window
  elseif not fits(after, limit) then
    wait = left
  end
  return wait, used, used > 0 and left or 0, after, after > 0 and left or 0,
    struct.pack('<dd', start, after), left
end
