-- Forgets a worker that ends, so that its heartbeat is not waited for.
-- KEYS: 1 heard (sorted set: id by ms), 2 facts (hash: id to JSON), 3 orders (hash: id to JSON),
--   4 ends (hash: id to JSON)
-- ARGV: 1 id
-- returns: 1 if it was known, else 0
-- repeatable: yes
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
