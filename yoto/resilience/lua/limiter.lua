-- Included. Rate limits: the effect of a charge on each dimension, and the charge itself, by the
-- algorithm that is inserted (algorithms/algorithm.py).
--@include clock.lua

-- Sums of fractions miss whole numbers by less than this (algorithms/quota.py).
local TOLERANCE, RELATIVE_TOLERANCE = 1e-6, 1e-9

local function fits(used, ceiling)
  return used <= ceiling + TOLERANCE + RELATIVE_TOLERANCE * ceiling
end

-- ms for which keys stay beyond their use. Within it a limit that was changed live reaches them all
-- (limiter_keep.lua): under a slower rate or in a longer window their use counts for longer.
local KEPT_LONGER = 10000

-- The end of a key that counts for something until `at`, in ms. A worker that has not heard yet of a
-- changed limit never makes it earlier; without a key it is the end under the limit in force.
local function end_of(key, at)
  local known = key and redis.call('PEXPIRETIME', key) or 0
  return math.max(known, math.ceil(at / 1000) + KEPT_LONGER)
end

-- Keeps a state of the future, from which this server's clock went back, as one of now. The first
-- look must keep it, also for a call that is refused: each later one would else begin anew with
-- waiting until the clock is where it was.
local function keep_as_now(key, value, live)
  redis.call('SET', key, value, 'PXAT', end_of(key, now + live))
end

-- The algorithm assigns measure(key, cost, limit, window, capacity), which returns
--   microseconds until the cost may pass (0: now),
--   units used and microseconds until none are, before the charge, and the same after it,
--   the new value of the key, and how long it must live, in microseconds.
-- A cost below 0 gives units back, never past nothing used; limit is above 0, window and `now` are
-- microseconds.
-- An algorithm whose key is no string has its own way to charge, to refund and to keep, and gives its
-- newest sum. For leases, one that drains gives the bytes of its state, and keeps the bytes behind
-- them; one that counts in windows gives the microseconds until a lease ends with its window.
local measure, charge_log, refund_log, keep_log, newest_sum
local state_length, lease_end
do
--@insert algorithm
end

-- Plans a charge of `cost` on the keys from KEYS[first] on, one for each '<ddd' (limit, window,
-- capacity) in `limits`. Returns the plans and the index of the one that refuses longest, or nil.
local function limits_plan(first, limits, cost)
  local plans, index, binding, longest = {}, 0, nil, 0
  for at = 1, #limits, 24 do
    local limit, window, capacity = struct.unpack('<ddd', limits, at)
    local key = KEYS[first + index]
    local wait, used, reset, used_after, reset_after, value, live = window, 0, 0, 0, 0, nil, 0
    if limit > 0 then
      wait, used, reset, used_after, reset_after, value, live =
        measure(key, cost, limit, window, capacity)
    else
      capacity = 0
    end
    index = index + 1
    plans[index] = {
      key = key, limit = limit, ceiling = capacity, window = window, wait = wait, used = used,
      reset = reset, used_after = used_after, reset_after = reset_after, value = value, live = live,
    }
    if wait > longest then binding, longest = index, wait end
  end
  return plans, binding
end

-- Writes the charge of the plans. Absolute times are what the server writes to its replicas, so it
-- need not compute them.
local function limits_charge(plans, cost)
  for index = 1, #plans do
    local p = plans[index]
    if charge_log then
      charge_log(p.key, cost, p.window)
    elseif p.value and p.used_after <= 0 then
      redis.call('DEL', p.key)
    elseif p.value then
      redis.call('SET', p.key, p.value, 'PXAT', end_of(p.key, now + p.live))
    end
  end
end

-- '<ddd' units left (with a fraction; below 0 when the limit was lowered), microseconds until all is
-- free, and microseconds to wait, a dimension.
local function limits_report(plans, charged)
  local report = ''
  for index = 1, #plans do
    local p = plans[index]
    local used, reset = p.used, p.reset
    if charged then used, reset = p.used_after, p.reset_after end
    report = report .. struct.pack('<ddd', p.ceiling - used, reset, p.wait)
  end
  return report
end
