-- Appends one event to the stream, at the server's time.
-- KEYS: 1 event stream
-- ARGV: 1 type, 2 source, 3 data (JSON), 4 entries to keep, 5 ms to keep the stream
-- returns: the entry's id
-- repeatable: no
local time = redis.call('TIME')
local at = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*',
  'type', ARGV[1], 'at', at, 'source', ARGV[2], 'data', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return id
