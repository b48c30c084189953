-- The common part of the scripts of the invalidation queue.
--
-- Items wait in groups: those of one level that one subject covers ("all server:7"), and those that
-- nothing covers ("all -"). A group is three keys: its items by the ms since which they wait; why
-- each was submitted ("ban=2,import=1"); and totals by kind ("k:user") and reason ("r:ban"), so that
-- a whole group is taken without reading it. The sums over all groups are kept beside them.

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function whole(number)
  -- Adding zero makes 0 of -0, which Redis takes for no integer.
  return string.format('%.0f', number + 0)
end

local function keep_for(ttl, ...)
  for _, key in ipairs({...}) do
    redis.call('PEXPIRE', key, ttl)
  end
end

-- Adds n to a count that decays: divided by the window it is a rate, whose past fades away.
local function count_rate(state, name, n, now, window)
  local value, at = unpack(redis.call('HMGET', state, name .. '_value', name .. '_at'))
  local passed = math.max(0, now - tonumber(at or now))
  value = tonumber(value or '0') * math.exp(-passed / window) + n
  redis.call('HSET', state, name .. '_value', string.format('%.6f', value), name .. '_at', whole(now))
end

local function kind_of(subject)
  return subject:match('^(.-):') or subject
end

-- Takes n from a field of a hash, and the field away when nothing is left.
local function lower_field(key, field, n)
  if redis.call('HINCRBY', key, field, -n) <= 0 then
    redis.call('HDEL', key, field)
  end
end

local function lower_member(key, member, n)
  if tonumber(redis.call('ZINCRBY', key, -n, member)) <= 0 then
    redis.call('ZREM', key, member)
  end
end
