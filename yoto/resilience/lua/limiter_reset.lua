-- Makes dimensions of a rate limit unused.
-- KEYS: one a dimension
-- ARGV: none
-- returns: how many had been used
-- repeatable: yes
return redis.call('DEL', unpack(KEYS))
