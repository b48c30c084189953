-- How an entry is stored: a hash field whose value is its version in digits, a space, JSON.
-- The field 'revision' changes with every change and is missing when Redis lost the configuration.
local function version_of(stored)
  return stored and tonumber(string.match(stored, '^%d+')) or 0
end

-- Microseconds of the server, or one more than before should its clock have gone back.
local function touch(hash, ttl_ms)
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local before = tonumber(redis.call('HGET', hash, 'revision') or '0')
  redis.call('HSET', hash, 'revision', string.format('%.0f', math.max(now, before + 1)))
  redis.call('PEXPIRE', hash, ttl_ms)
end
