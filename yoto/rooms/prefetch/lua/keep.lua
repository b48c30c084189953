-- Keeps activities of a user. A member that is there already stays as it is.
-- KEYS: 1 history (sorted by ms), 2 ms at which the user was forgotten
-- ARGV: 1 activities to keep, 2 ms to keep them, then for each activity: age in ms, member
-- returns: how many are kept now
-- repeatable: yes
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local forgotten = tonumber(redis.call('GET', KEYS[2]) or '-inf')
for i = 3, #ARGV, 2 do
  local at = now - ARGV[i]
  if at > forgotten then
    redis.call('ZADD', KEYS[1], 'NX', string.format('%.0f', at), ARGV[i + 1])
  end
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[2]))
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -ARGV[1] - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
