-- Reads the reports of all processes about the locks that they hold.
-- KEYS: 1 sorted set from process to the ms at which its word ends, 2 hash from process to its word
-- ARGV: none
-- returns: process, ms since it spoke, its word; and so on
-- repeatable: yes
--@include ended.lua
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
forget_ended(KEYS[1], KEYS[2], now)
local flat = redis.call('HGETALL', KEYS[2])
local listed = {}
for i = 1, #flat, 2 do
  local at, word = string.match(flat[i + 1], '^(%d+):(.*)$')
  listed[#listed + 1] = flat[i]
  listed[#listed + 1] = math.max(0, now - tonumber(at))
  listed[#listed + 1] = word
end
return listed
