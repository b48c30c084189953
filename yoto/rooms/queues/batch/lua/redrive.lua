-- Puts dead letters back into the queue as new items, those named or the oldest.
-- KEYS: 1 to 6 those of the kind
-- ARGV: 1 ms to keep the queue, 2 most letters if none are named, 3 number of the last letter to take then (0: the newest by now), then the ids of those named
-- returns: {letters put back, number of the last letter to take}
-- repeatable: no
--@include kind.lua
local kind = kind_at(1)
local last = tonumber(ARGV[3])
if last == 0 then
  last = tonumber(redis.call('HGET', kind.counts, 'dead') or 0)
end
local ids = {}
for index = 4, #ARGV do
  ids[#ids + 1] = ARGV[index]
end
if #ids == 0 then
  ids = redis.call('ZRANGEBYSCORE', kind.dead, '-inf', last, 'LIMIT', 0, ARGV[2])
end
local moved = 0
for _, id in ipairs(ids) do
  local letter = redis.call('HGET', kind.letters, id)
  if letter then
    letter = cjson.decode(letter)
    add(kind, letter.payload, string.format('%d', letter.first))
    redis.call('HDEL', kind.letters, id)
    redis.call('ZREM', kind.dead, id)
    moved = moved + 1
  end
end
count(kind, 'redriven', moved)
if moved > 0 then
  meter(kind, 'in', moved, milliseconds())
  keep(kind, ARGV[1])
end
return {moved, last}
