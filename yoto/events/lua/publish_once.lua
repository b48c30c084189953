-- Appends one event to the stream, at the server's time, unless it was appended before.
-- KEYS: 1 event stream, 2 entry id of the event with this token
-- ARGV: 1 type, 2 source, 3 data (JSON), 4 entries to keep, 5 ms to keep the stream, 6 ms to remember
-- returns: the entry's id
-- repeatable: yes
local published = redis.call('GET', KEYS[2])
if published then return published end
local time = redis.call('TIME')
local at = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*',
  'type', ARGV[1], 'at', at, 'source', ARGV[2], 'data', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('SET', KEYS[2], id, 'PX', ARGV[6])
return id
