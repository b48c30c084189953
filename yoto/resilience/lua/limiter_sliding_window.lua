-- Inserted into limiter.lua. Sliding window counter: '<ddd' start, units since then, units of the window before.
-- Twin: algorithms/sliding_window.py.
lease_end = function(reset_after, window) return reset_after - window end
measure = function(key, cost, limit, window)
  local start, current, previous = now, 0, 0
  local stored = redis.call('GET', key)
  if stored then
    start, current, previous = struct.unpack('<ddd', stored)
    local passed = now - start
    if passed >= 2 * window then
      start, current, previous = now, 0, 0
    elseif passed >= window then
      start, current, previous = start + window, 0, current
    end
    -- The first unit begins a window, whenever somebody looked before.
    if current == 0 and previous == 0 then start = now end
    if start > now then
      -- As if a window began now: what was used stays used, and begins to fade.
      start, previous = now, math.max(current, math.min(limit, current + previous))
      current = 0
      keep_as_now(key, struct.pack('<ddd', start, current, previous), window)
    end
  end
  local passed = now - start
  local weight = 1 - passed / window
  local used, room = previous * weight + current, limit - cost
  local wait = 0
  if cost > limit then
    wait = window
  elseif not fits(used + cost, limit) then
    if current <= room then
      wait = (1 - (room - current) / previous) * window - passed
    else
      wait = window - passed + (1 - room / current) * window
    end
  end
  local new_current, new_previous = current + cost, previous
  if new_current < 0 then
    new_previous, new_current = math.max(0, previous + new_current), 0
  end
  local function reset(now_used, before)
    return now_used > 0 and 2 * window - passed or before > 0 and window - passed or 0
  end
  -- In its last millisecond the window before weighs next to nothing, and two windows are the most
  -- that a key may live.
  return wait, used, reset(current, previous), new_previous * weight + new_current,
    reset(new_current, new_previous), struct.pack('<ddd', start, new_current, new_previous),
    2 * window - passed - 1000
end
