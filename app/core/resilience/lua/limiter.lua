-- Included. Rate limits: what a charge would do to each dimension, and the charge itself.
-- An algorithm is a function (key, cost, limit, window, capacity) that returns
--   microseconds until the cost may pass (0: now),
--   units used and microseconds until none are, before the charge, and the same after it,
--   the new value of the key, and how long it must live, in microseconds.
--@include clock.lua

-- Sums of fractions miss whole numbers by less than this (limiter/quota.py).
local TOLERANCE, RELATIVE_TOLERANCE = 1e-6, 1e-9

local function fits(used, ceiling)
  return used <= ceiling + TOLERANCE + RELATIVE_TOLERANCE * ceiling
end
--@include limiter_token_bucket.lua
--@include limiter_sliding_window.lua
--@include limiter_sliding_log.lua
--@include limiter_fixed_window.lua
--@include limiter_leaky_bucket.lua

-- In the order of settings.Algorithm.
local ALGORITHMS = {token_bucket, sliding_window, sliding_log, fixed_window, leaky_bucket}
local SLIDING_LOG = 3

local function whole_left(ceiling, used)
  return math.max(0, math.floor(ceiling - used + TOLERANCE))
end

-- Plans a charge of `cost` on the keys from KEYS[first] on, one for each '<ddd' (limit, window,
-- capacity) in `limits`. Returns the plans and the index of the one that refuses longest, or nil.
local function limits_plan(algorithm, first, limits, cost)
  local plans, binding, longest = {}, nil, 0
  local measure = ALGORITHMS[algorithm]
  for at = 1, #limits, 24 do
    local limit, window, capacity = struct.unpack('<ddd', limits, at)
    local index = #plans + 1
    local p = {key = KEYS[first + index - 1], ceiling = capacity, window = window}
    if limit == 0 then
      p.ceiling, p.wait, p.used, p.reset, p.used_after, p.reset_after = 0, window, 0, 0, 0, 0
    else
      p.wait, p.used, p.reset, p.used_after, p.reset_after, p.value, p.live =
        measure(p.key, cost, limit, window, capacity)
    end
    plans[index] = p
    if p.wait > longest then binding, longest = index, p.wait end
  end
  return plans, binding
end

-- Writes the charge of a plan.
local function limits_charge(algorithm, plans, cost)
  for _, p in ipairs(plans) do
    if algorithm == SLIDING_LOG then
      log_charge(p.key, cost, p.window)
    elseif p.value then
      redis.call('SET', p.key, p.value, 'PX', math.max(1, math.ceil(p.live / 1000)))
    end
  end
end

-- Appends {remaining, microseconds until all is free, microseconds to wait} a dimension.
local function limits_report(reply, plans, charged)
  local at = #reply
  for _, p in ipairs(plans) do
    reply[at + 1] = whole_left(p.ceiling, charged and p.used_after or p.used)
    reply[at + 2] = math.ceil(charged and p.reset_after or p.reset)
    reply[at + 3] = math.ceil(p.wait)
    at = at + 3
  end
  return reply
end
