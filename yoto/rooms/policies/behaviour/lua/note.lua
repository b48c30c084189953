-- Adds one to a counter of a user's behaviour, which decays by half in its half-life.
-- KEYS: 1 hash
-- ARGV: 1 counter, 2 its half-life in ms, 3 half-life in ms of the hours of the day, or 0 where the
--       hour does not count, 4 ms to keep the hash
-- returns: 1
-- repeatable: no
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function add(counter, half_life)
  local stored = redis.call('HMGET', KEYS[1], counter, counter .. ':at')
  local value, at = tonumber(stored[1] or 0), tonumber(stored[2] or now)
  value = value * 2 ^ ((at - now) / half_life) + 1
  redis.call('HSET', KEYS[1], counter, value, counter .. ':at', now)
end

add(ARGV[1], ARGV[2])
if tonumber(ARGV[3]) > 0 then
  add('hour' .. math.floor(time[1] / 3600) % 24, ARGV[3])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
