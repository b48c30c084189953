-- Gives unused units of a lease back, to those dimensions whose charge is unchanged
-- (limiter_marks.lua). In others they have come back by themselves, or run out.
-- KEYS: 1 memory of the request, 2.. one a dimension
-- ARGV: 1 limits, 2 units (limiter_hit.lua), 3 marks (limiter_lease.lua), 4 how long the request is remembered in ms
-- returns: to how many dimensions, or 0 when this request was served before
-- repeatable: yes
--@include limiter.lua
--@include limiter_marks.lua
if not redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[4]) then return 0 end
local units, given = tonumber(ARGV[2]), 0

-- Whether the charge that left this mark is part of what is used now.
local function holds(key, mark, ends, window)
  if newest_sum then return newest_sum(key) == mark end
  local stored = redis.call('GET', key)
  if not stored or mark_of(stored) ~= mark then return false end
  if lease_end then return now >= mark and now - mark < window end
  return now <= ends
end

for index = 2, #KEYS do
  local limit, window, capacity = struct.unpack('<ddd', ARGV[1], 24 * (index - 2) + 1)
  local mark, ends = struct.unpack('<dd', ARGV[3], 16 * (index - 2) + 1)
  if holds(KEYS[index], mark, ends, window) then
    given = given + 1
    if refund_log then
      refund_log(KEYS[index], units, window)
    else
      local _, _, _, left, _, value, live = measure(KEYS[index], -units, limit, window, capacity)
      limits_charge({{key = KEYS[index], used_after = left, value = value, live = live}}, -units)
    end
  end
end
return given
