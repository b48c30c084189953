-- Stores one entry, unless there is one of a later position.
-- Entries begin with a version byte, then ms (6 bytes) and sequence (4 bytes) of their position.
-- KEYS: 1 entries of a user (a hash)
-- ARGV: 1 place, 2 entry, 3 ms that the entry lives, 4 places to keep
-- returns: 1 stored, 0 a newer one was there
-- repeatable: yes
local key, place, entry = KEYS[1], ARGV[1], ARGV[2]
if redis.call('TYPE', key).ok ~= 'hash' then
  redis.call('DEL', key)
end

local present = redis.call('HGET', key, place)
if present and #present >= 11 and string.byte(present) == string.byte(entry) then
  local ms, sequence = struct.unpack('>I6I4', present, 2)
  local new_ms, new_sequence = struct.unpack('>I6I4', entry, 2)
  if ms > new_ms or (ms == new_ms and sequence > new_sequence) then
    return 0
  end
end
if not present and redis.call('HLEN', key) >= tonumber(ARGV[4]) then
  redis.call('DEL', key)
end
redis.call('HSET', key, place, entry)
-- The hash lives as long as its longest entry; readers know the end of each.
if redis.call('PTTL', key) < tonumber(ARGV[3]) then
  redis.call('PEXPIRE', key, ARGV[3])
end
return 1
