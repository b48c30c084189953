-- Appends the latest calls of one process to a guard's trail, and forgets the oldest.
-- KEYS: 1 trail (list of chunks), 2 how many calls it holds
-- ARGV: 1 chunk (its calls as a 4-byte number, Redis seconds of its last call as a double, the rest), 2 most calls, 3 ms for which calls are kept
-- returns: calls that the trail holds now
-- repeatable: no
local time = redis.call('TIME')
local oldest = time[1] + time[2] / 1000000 - ARGV[3] / 1000
local held = redis.call('EXISTS', KEYS[1]) == 1 and tonumber(redis.call('GET', KEYS[2]) or 0) or 0
held = held + struct.unpack('<I4', ARGV[1])
redis.call('RPUSH', KEYS[1], ARGV[1])
while redis.call('LLEN', KEYS[1]) > 1 do
  local calls, at = struct.unpack('<I4d', redis.call('LINDEX', KEYS[1], 0))
  if held <= tonumber(ARGV[2]) and at >= oldest then break end
  redis.call('LPOP', KEYS[1])
  held = held - calls
end
redis.call('SET', KEYS[2], held, 'PX', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return held
