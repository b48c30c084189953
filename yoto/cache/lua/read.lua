-- Reads one stored entry.
-- KEYS: 1 entries of a user (a hash)
-- ARGV: 1 place
-- returns: the entry, or nil
-- repeatable: yes
return redis.call('HGET', KEYS[1], ARGV[1])
