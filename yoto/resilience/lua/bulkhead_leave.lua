-- Gives a slot back, or leaves the queue.
-- KEYS: 1 holders, 2 queue, 3 alive
-- ARGV: 1 request id
-- returns: 1 when the slot was still held, else 0
-- repeatable: yes
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
