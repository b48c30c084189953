-- Writes a key that is gone a second later: a server that takes this can do the platform's work.
-- KEYS: 1 the key
-- ARGV: -
-- returns: 1
-- repeatable: yes
redis.call('SET', KEYS[1], '1', 'PX', 1000)
return 1
