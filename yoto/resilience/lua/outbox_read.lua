-- Reads events that wait beside a breaker to be moved into the event stream.
-- KEYS: 1 outbox
-- ARGV: 1 how many at most
-- returns: entries as XRANGE gives them
-- repeatable: yes
return redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1])
