-- Says that an instance ends.
-- KEYS: 1 instances (sorted set)
-- ARGV: 1 id
-- returns: 1 if it was known, else 0
-- repeatable: yes
return redis.call('ZREM', KEYS[1], ARGV[1])
