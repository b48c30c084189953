-- Lets the lease of a lock begin again.
-- KEYS: 1 lock
-- ARGV: 1 value of the lock as its holder knows it, 2 lease in ms
-- returns: 1 extended, 0 it was not the caller's any more
-- repeatable: yes
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
