-- Brings stored entries up to the versions of the record; older ones than stored change nothing.
-- When Redis lost the configuration, a call that does not hold all of it is refused, and one that
-- does tells the loss once, not every entry anew.
-- KEYS: 1 configuration (hash), 2 event stream
-- ARGV: 1 whether these are all entries (1, 0), 2 ms to keep, 3 source, 4 stream length, 5 ms to keep the stream, 6 type and 7 data of the event that tells a loss, then four for each entry: field, value, event type, event data
-- returns: number of entries that changed, or -1 if refused
-- repeatable: yes
--@include emit.lua
--@include entry.lua
local lost = redis.call('HEXISTS', KEYS[1], 'revision') == 0
if lost and ARGV[1] ~= '1' then
  return -1
end
local changed = 0
for i = 8, #ARGV, 4 do
  local stored = redis.call('HGET', KEYS[1], ARGV[i])
  if version_of(ARGV[i + 1]) > version_of(stored) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    changed = changed + 1
    if not lost then
      emit(KEYS[2], ARGV[3], ARGV[4], ARGV[5], ARGV[i + 2], ARGV[i + 3])
    end
  end
end
if lost and changed > 0 then
  emit(KEYS[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7])
end
if lost or changed > 0 then
  touch(KEYS[1], ARGV[2])
end
return changed
