-- Restarts the leases of items that are still on this try of this consumer.
-- KEYS: 1 to 6 those of the kind
-- ARGV: 1 consumer, 2 lease in ms, then for each item in the order of the stream its id and its try
-- returns: items it held for
-- repeatable: yes
--@include kind.lua
local kind = kind_at(1)
local most = redis.call('ZCARD', kind.leases)
if most == 0 or not there_is(kind) then
  return 0
end
local tries = {}
for index = 3, #ARGV, 2 do
  tries[ARGV[index]] = tonumber(ARGV[index + 1])
end
local ends = milliseconds() + ARGV[2]
local held = 0
local pending = redis.call(
  'XPENDING', kind.stream, GROUP, ARGV[3], ARGV[#ARGV - 1], most, ARGV[1])
for _, entry in ipairs(pending) do
  if tries[entry[1]] == entry[4] then
    redis.call('ZADD', kind.leases, 'XX', ends, entry[1])
    held = held + 1
  end
end
return held
