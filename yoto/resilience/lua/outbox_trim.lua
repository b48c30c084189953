-- Removes events that were moved.
-- KEYS: 1 outbox
-- ARGV: ids
-- returns: how many were there
-- repeatable: yes
return redis.call('XDEL', KEYS[1], unpack(ARGV))
