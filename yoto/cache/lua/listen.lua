-- Begins a read of the log: where does it end, and is it complete?
-- Leaves a sign of life, which also proves that the log could be written to: a reader that hears
-- the log while nothing can be appended would think itself informed. When no reader left one for too
-- long, changes may have been committed that could not be appended yet; and when there is no log, it
-- was lost. Either way an entry is appended that makes every reader believe nothing from before.
-- KEYS: 1 log, 2 counter, 3 sign of life (ms of Redis time)
-- ARGV: 1 ms of silence that are too long, 2 entries to keep, 3 ms to keep the keys, 4 ms and 5 sequence of the newest id that the caller knows
-- returns: the last entry, {id, {field, value, ...}}
-- repeatable: yes
--@include log.lua
local log, counter, life = KEYS[1], KEYS[2], KEYS[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('GET', life) or '-inf')
redis.call('SET', life, string.format('%.0f', now))

local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
if newest == nil or now - last > tonumber(ARGV[1]) then
  local id, problem = append_entry(log, counter, 'global', ARGV[2], time, ARGV[4], ARGV[5])
  if id == nil then
    return problem
  end
  newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
end
keep_for(ARGV[3], log, counter, life)
return newest
