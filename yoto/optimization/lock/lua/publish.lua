-- Says which locks a process has held for a while; the last word counts, for as long as it says.
-- KEYS: 1 sorted set from process to the ms at which its word ends, 2 hash from process to its word
-- ARGV: 1 process, 2 ms for which its word counts (0: it holds nothing), 3 its word, 4 how many processes there may be
-- returns: nothing
-- repeatable: yes
--@include ended.lua
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local process, lasts = ARGV[1], tonumber(ARGV[2])
forget_ended(KEYS[1], KEYS[2], now)
if lasts == 0 then
  redis.call('ZREM', KEYS[1], process)
  redis.call('HDEL', KEYS[2], process)
  return
end
redis.call('ZADD', KEYS[1], now + lasts, process)
redis.call('HSET', KEYS[2], process, string.format('%.0f:', now) .. ARGV[3])
while redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[4]) do
  redis.call('HDEL', KEYS[2], redis.call('ZPOPMIN', KEYS[1])[1])
end
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < lasts then
    redis.call('PEXPIRE', key, lasts)
  end
end
