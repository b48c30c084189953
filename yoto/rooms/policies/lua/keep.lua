-- Keeps the newest inputs of policy decisions.
-- KEYS: 1 list, newest first
-- ARGV: 1 entries to keep, 2 ms to keep the list, 3... entries, oldest first
-- returns: entries there now
-- repeatable: no
for index = 3, #ARGV do
  redis.call('LPUSH', KEYS[1], ARGV[index])
end
redis.call('LTRIM', KEYS[1], 0, ARGV[1] - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('LLEN', KEYS[1])
