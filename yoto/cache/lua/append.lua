-- Appends one entry to the invalidation log.
-- KEYS: 1 log, 2 counter
-- ARGV: 1 tags joined by spaces, 2 entries to keep, 3 ms to keep the keys, 4 ms and 5 sequence of the newest id that the caller knows, 6 ms that the change had waited for
-- returns: {id, number}
-- repeatable: yes
--@include log.lua
local id, number = append_entry(
  KEYS[1], KEYS[2], ARGV[1], ARGV[2], redis.call('TIME'), ARGV[4], ARGV[5], ARGV[6])
if id == nil then
  return number
end
keep_for(ARGV[3], KEYS[1], KEYS[2])
return {id, number}
