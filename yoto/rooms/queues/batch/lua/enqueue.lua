-- Puts items of one kind into its queue, all or none; an item whose key was used is there already.
-- KEYS: 1 kinds, 2 to 7 those of the kind, then one for each item that has a key
-- ARGV: 1 kind, 2 most items in a queue, 3 most kinds, 4 ms to keep the queue, 5 ms that a key is remembered, then for each item its payload and 1 if it has a key, else 0
-- returns: {'ok', ids...}, {'length', items there are} or {'kinds', kinds there are}
-- repeatable: no
--@include kind.lua
local kind = kind_at(2)
local items = (#ARGV - 5) / 2
local there = length(kind)
if there + items > tonumber(ARGV[2]) then
  return {'length', there}
end
if redis.call('SADD', KEYS[1], ARGV[1]) == 1 then
  local kinds = redis.call('SCARD', KEYS[1])
  if kinds > tonumber(ARGV[3]) then
    redis.call('SREM', KEYS[1], ARGV[1])
    return {'kinds', kinds - 1}
  end
end

local reply = {'ok'}
local once = 1 + KEYS_OF_KIND
local added = 0
for index = 6, #ARGV, 2 do
  local id, key
  if ARGV[index + 1] == '1' then
    once = once + 1
    key = KEYS[once]
    id = redis.call('GET', key)
  end
  if not id then
    id = add(kind, ARGV[index])
    added = added + 1
    if key then
      redis.call('SET', key, id, 'PX', ARGV[5])
    end
  end
  reply[#reply + 1] = id
end
count(kind, 'enqueued', added)
count(kind, 'repeated', items - added)
if added > 0 then
  meter(kind, 'in', added, milliseconds())
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
keep(kind, ARGV[4])
return reply
