-- Scores are logarithms of decayed counts, as times in ms; store.py explains the maths.

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + time[2] / 1000
end

-- Numbers would lose digits as text by default.
local function exact(number)
  return string.format('%.17g', number)
end

local function joined(one, other, life)
  local high, low = math.max(one, other), math.min(one, other)
  return high + life * math.log(1 + math.exp((low - high) / life))
end
