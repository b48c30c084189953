-- Included. Appends one event, in the shape that app.core.events reads.
-- stream: {key, source, max_length, ttl_ms}; key is the event stream itself or, on a cluster, an
-- outbox beside the state that a relay empties into the stream.
local function emit(stream, kind, data)
  redis.call('XADD', stream.key, 'MAXLEN', '~', stream.max_length, '*', 'type', kind,
    'at', string.format('%.0f', math.floor(now / 1000)), 'source', stream.source,
    'data', cjson.encode(data))
  redis.call('PEXPIRE', stream.key, stream.ttl_ms)
end
