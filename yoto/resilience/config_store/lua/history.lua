-- The versions of an entry that Redis keeps, newest first.
-- KEYS: 1 history of the entry (list)
-- ARGV: none
-- returns: list of changes
-- repeatable: yes
return redis.call('LRANGE', KEYS[1], 0, -1)
