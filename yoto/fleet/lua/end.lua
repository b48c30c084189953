-- Keeps how a worker ended, if it is remembered.
-- KEYS: 1 heard (sorted set: id by ms), 2 ends (hash: id to JSON)
-- ARGV: 1 id, 2 how it ended (JSON), 3 ms for which a worker that is gone is remembered
-- returns: 1 if it was known, else 0
-- repeatable: yes
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 1
