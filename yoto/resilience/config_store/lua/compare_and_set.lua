-- Stores a new version of an entry if the stored version is still the expected one, and tells it.
-- For a configuration whose only home is Redis; repeating a call that was stored finds it stored.
-- KEYS: 1 configuration (hash), 2 history of the entry (list), 3 event stream
-- ARGV: 1 field, 2 expected version, 3 new value, 4 change for the history, 5 ms to keep, 6 history length, 7 event type, 8 event data, 9 source, 10 stream length, 11 ms to keep the stream
-- returns: 1 if stored, else the present value ('' for none)
-- repeatable: yes
--@include emit.lua
--@include entry.lua
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if stored == ARGV[3] then
  return 1
end
if version_of(stored) ~= tonumber(ARGV[2]) then
  return stored or ''
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
touch(KEYS[1], ARGV[5])
redis.call('LPUSH', KEYS[2], ARGV[4])
redis.call('LTRIM', KEYS[2], 0, ARGV[6] - 1)
redis.call('PEXPIRE', KEYS[2], ARGV[5])
emit(KEYS[3], ARGV[9], ARGV[10], ARGV[11], ARGV[7], ARGV[8])
return 1
