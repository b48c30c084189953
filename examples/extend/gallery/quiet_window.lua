-- Quiet window: all of the limit is back after a window in which nothing was used.
-- State: '<dd' moment of the last use, units used. Twin: limits.py
measure = function(key, cost, limit, window)
  local last, used = now, 0
  local stored = redis.call('GET', key)
  if stored then
    last, used = struct.unpack('<dd', stored)
    if last > now then
      last = now
      keep_as_now(key, struct.pack('<dd', last, used), window)
    end
    if now - last >= window then used = 0 end
  end
  local left = used > 0 and last + window - now or 0
  local wait = 0
  if cost > limit then
    wait = window
  elseif not fits(used + cost, limit) then
    wait = left
  end
  if cost > 0 then last = now end
  local after = math.max(0, used + cost)
  local left_after = after > 0 and last + window - now or 0
  return wait, used, left, after, left_after, struct.pack('<dd', last, after), left_after
end
