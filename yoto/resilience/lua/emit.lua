-- Included. Appends one event, in the shape that yoto.events reads, to the stream itself or, on a
-- cluster, to an outbox beside the state that a relay empties into the stream.
-- teller: packed {source, stream length, stream ttl_ms}; only the few calls that publish unpack it.
local function emit(stream, teller, kind, data)
  local source, max_length, ttl_ms = unpack(cmsgpack.unpack(teller))
  redis.call('XADD', stream, 'MAXLEN', '~', max_length, '*', 'type', kind,
    'at', string.format('%.0f', math.floor(now / 1000)), 'source', source,
    'data', cjson.encode(data))
  redis.call('PEXPIRE', stream, ttl_ms)
end
