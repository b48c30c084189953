-- One event into the stream, at the server's time; included by the scripts that change something.
-- Its arguments are those of the stream: key, source, entries to keep, ms to keep.
local function emit(stream, source, max_length, ttl_ms, kind, data)
  local time = redis.call('TIME')
  local at = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
  redis.call('XADD', stream, 'MAXLEN', '~', max_length, '*',
    'type', kind, 'at', at, 'source', source, 'data', data)
  redis.call('PEXPIRE', stream, ttl_ms)
end
