-- Appends one entry to the invalidation log.
-- Numbers entries one by one, so that a reader sees when some are missing. When the counter was
-- lost, numbering goes on from the time in microseconds: never where it stopped.
-- KEYS: 1 log (a stream), 2 counter
-- ARGV: 1 subjects joined by spaces, 2 entries to keep, 3 ms to keep both keys, 4 ms and 5 sequence of the newest id that the caller knows
-- returns: {id, number}
-- repeatable: yes
local log, counter = KEYS[1], KEYS[2]
local time = redis.call('TIME')
if redis.call('EXISTS', counter) == 0 then
  redis.call('SET', counter, string.format('%.0f', time[1] * 1000000 + time[2]))
end
local number = string.format('%.0f', redis.call('INCR', counter))

local function add(id)
  return redis.pcall('XADD', log, 'MAXLEN', '~', ARGV[2], id, 'n', number, 's', ARGV[1])
end

-- A log that was lost, on a server whose clock is behind, must not give out an id again.
local known_ms = tonumber(ARGV[4])
local id
if time[1] * 1000 + math.floor(time[2] / 1000) <= known_ms then
  id = add(string.format('%.0f-%.0f', known_ms, ARGV[5] + 1))
end
if type(id) ~= 'string' then
  id = add('*')
end
if type(id) ~= 'string' then
  return id
end
redis.call('PEXPIRE', log, ARGV[3])
redis.call('PEXPIRE', counter, ARGV[3])
return {id, number}
