-- Inserted into limiter.lua. Sliding window counter: '<dddd' start, units since then, units of the window
-- before, length: the longest that was in force since the start. Twin: algorithms/sliding_window.py.
lease_end = function(reset_after, window) return reset_after - window end
measure = function(key, cost, limit, window)
  local start, current, previous, span = now, 0, 0, window
  local stored = redis.call('GET', key)
  if stored then
    start, current, previous = struct.unpack('<ddd', stored)
    -- Version 1.0 stored no length.
    if #stored > 24 then span = math.max(window, (struct.unpack('<d', stored, 25))) end
    local passed = now - start
    if passed >= span + window then
      current, previous = 0, 0
    elseif passed >= span then
      start, current, previous, span = start + span, 0, current, window
    end
    -- The first unit begins a window, whenever it was read before.
    if current == 0 and previous == 0 then start, span = now, window end
    if start > now then
      -- As if a window began now: what was used stays used, and begins to fade.
      start, previous = now, math.max(current, math.min(limit, current + previous))
      current, span = 0, window
      keep_as_now(key, struct.pack('<dddd', start, current, previous, span), span)
    end
  end
  local passed = now - start
  local weight = 1 - passed / span
  local used, room = previous * weight + current, limit - cost
  local wait = 0
  if cost > limit then
    wait = window
  elseif not fits(used + cost, limit) then
    if current <= room then
      wait = (1 - (room - current) / previous) * span - passed
    else
      wait = span - passed + (1 - room / current) * window
    end
  end
  local new_current, new_previous = current + cost, previous
  if new_current < 0 then
    new_previous, new_current = math.max(0, previous + new_current), 0
  end
  local function reset(now_used, before)
    return now_used > 0 and span + window - passed or before > 0 and span - passed or 0
  end
  return wait, used, reset(current, previous), new_previous * weight + new_current,
    reset(new_current, new_previous), struct.pack('<dddd', start, new_current, new_previous, span),
    span + window - passed
end
