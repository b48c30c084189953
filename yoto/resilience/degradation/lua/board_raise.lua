-- Raises, renews or (ttl 0) takes back the level of one source.
-- KEYS: 1 board (hash), 2 event stream
-- ARGV: 1 source of the level, 2 rank, 3 ttl in ms, 4 feature, 5 reason, 6 most sources, 7 source, 8 stream length, 9 ms to keep the stream
-- returns: {ms of the server's time, source and value in turn}, or -1 when the board is full
-- repeatable: yes
--@include board.lua
local stream = {KEYS[2], ARGV[7], ARGV[8], ARGV[9]}
local rank, ttl_ms, feature = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
prune(KEYS[1], stream)
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local old, _, old_feature = 0, 0, ''
if stored then old, _, old_feature = read(stored) end
if ttl_ms > 0 then
  if not stored and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[6]) then return -1 end
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%d %.0f %s', rank, now + ttl_ms, feature))
  if redis.call('PTTL', KEYS[1]) < ttl_ms then redis.call('PEXPIRE', KEYS[1], ttl_ms) end
  if not stored or old ~= rank or old_feature ~= feature then
    tell(stream, ARGV[1], feature, old, rank, ARGV[5], ttl_ms)
  end
elseif stored then
  redis.call('HDEL', KEYS[1], ARGV[1])
  tell(stream, ARGV[1], old_feature, old, 0, ARGV[5], 0)
end
return {now, redis.call('HGETALL', KEYS[1])}
