-- Included. The board of raised levels: one hash, source -> '<rank> <ms of its end> <feature>'.
-- An empty feature means every feature.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local NAMES = {[0] = 'none', 'light', 'medium', 'heavy'}

local function read(value)
  local rank, until_ms, feature = string.match(value, '^(%d) (%d+) (.*)$')
  return tonumber(rank), tonumber(until_ms), feature
end

-- stream: {key, source, entries to keep, ms to keep}
local function tell(stream, source, feature, old, new, reason, ttl_ms)
  redis.call('XADD', stream[1], 'MAXLEN', '~', stream[3], '*', 'type', 'degradation.changed',
    'at', string.format('%.0f', now), 'source', stream[2], 'data', cjson.encode({
      source = source, feature = feature, old = NAMES[old], new = NAMES[new], reason = reason,
      ttl_ms = ttl_ms}))
  redis.call('PEXPIRE', stream[1], stream[4])
end

-- Takes expired levels off the board and publishes that; returns the rest, source and value in turn.
local function prune(board, stream)
  local left, flat = {}, redis.call('HGETALL', board)
  for i = 1, #flat, 2 do
    local rank, until_ms, feature = read(flat[i + 1])
    if not rank or until_ms <= now then
      redis.call('HDEL', board, flat[i])
      tell(stream, flat[i], feature or '', rank or 0, 0, 'expired', 0)
    else
      left[#left + 1] = flat[i]
      left[#left + 1] = flat[i + 1]
    end
  end
  return left
end
