-- Forgets a user's history, and actions that are still on their way.
-- KEYS: 1 history, 2 ms at which the user was forgotten
-- ARGV: 1 ms for which that is remembered
-- returns: 1 if anything was kept
-- repeatable: yes
local time = redis.call('TIME')
redis.call('SET', KEYS[2],
  string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), 'PX', ARGV[1])
return redis.call('DEL', KEYS[1])
