-- Reads a guard's trail.
-- KEYS: 1 trail (list of chunks)
-- ARGV: 1 index of the first chunk, from the end when below 0
-- returns: chunks as they were appended, the oldest first
-- repeatable: yes
return redis.call('LRANGE', KEYS[1], ARGV[1], -1)
